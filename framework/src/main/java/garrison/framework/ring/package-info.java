// SPDX-License-Identifier: Apache-2.0
/** Takes records off a ring buffer in the kernel and hands them to what a plugin bound to them. */
package garrison.framework.ring;
