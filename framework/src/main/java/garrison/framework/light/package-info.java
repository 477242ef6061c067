// SPDX-License-Identifier: Apache-2.0
/**
 * Light skeletons: objects whose programs a signed program loads, in the kernel, so that the kernel itself knows by whom each is. Made
 * from the object alone, so that who signs and who loads come to the same bytes.
 */
package garrison.framework.light;
