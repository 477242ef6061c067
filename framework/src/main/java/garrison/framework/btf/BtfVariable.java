// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

/**
 * A variable of a data section ({@code .rodata}, {@code .bss}, …).
 *
 * @param name the C name
 * @param offset bytes from the section's start as BTF tells it; 0 in objects that no linker has seen
 * @param size bytes
 * @param integer true for integers, enums and booleans
 * @param signed whether an integer is signed
 * @param type the C type without const and volatile
 */
public record BtfVariable(String name, int offset, int size, boolean integer, boolean signed, String type) {}
