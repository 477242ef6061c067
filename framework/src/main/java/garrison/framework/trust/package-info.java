// SPDX-License-Identifier: Apache-2.0
/**
 * Whether an object may be loaded: its detached signature against the configured anchors, and how such signatures are made.
 * Only {@code CmsForm} and {@code SigningKey} touch Bouncy Castle, so that who checks nothing loads nothing of it.
 */
package garrison.framework.trust;
