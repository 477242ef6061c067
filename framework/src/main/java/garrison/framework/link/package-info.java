// SPDX-License-Identifier: Apache-2.0
/** Attached programs. */
package garrison.framework.link;
