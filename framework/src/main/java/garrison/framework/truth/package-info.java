// SPDX-License-Identifier: Apache-2.0
/** Whether attached programs really run: a trial at start, a heartbeat from then on. */
package garrison.framework.truth;
