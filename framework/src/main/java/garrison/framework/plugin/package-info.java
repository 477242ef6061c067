// SPDX-License-Identifier: Apache-2.0
/** The life of plugins: start, change of policy, stop; and the queues of those who hear their events. */
package garrison.framework.plugin;
