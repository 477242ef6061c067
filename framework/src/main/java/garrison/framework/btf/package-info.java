// SPDX-License-Identifier: Apache-2.0
/**
 * Reads BTF, the kernel's compact type information, of objects and of the running kernel. Pure Java; a damaged input is an
 * {@link garrison.spi.ObjectFormatException} and nothing else.
 */
package garrison.framework.btf;
