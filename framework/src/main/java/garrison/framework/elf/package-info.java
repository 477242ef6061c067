// SPDX-License-Identifier: Apache-2.0
/** Reads ELF64 files, little-endian, without trusting a byte of them. */
package garrison.framework.elf;
