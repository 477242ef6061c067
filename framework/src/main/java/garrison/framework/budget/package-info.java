// SPDX-License-Identifier: Apache-2.0
/** What programs cost, by the kernel's run-time statistics, and what they may. */
package garrison.framework.budget;
