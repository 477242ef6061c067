// SPDX-License-Identifier: Apache-2.0
/** "Attached" is not "enforcing": what switches programs off while they stay attached is told, shown, and undone if wanted. */
package garrison.itests.truth;
