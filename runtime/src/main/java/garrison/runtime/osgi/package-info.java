// SPDX-License-Identifier: Apache-2.0
/** The embedded OSGi framework and the bundles in it. Loaded by {@code garrison run} and {@code garrison check} only. */
package garrison.runtime.osgi;
