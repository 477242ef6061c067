// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** What a program does with an operation that its policy forbids. Switching is a write to a map: nothing is reloaded. */
public enum Mode {
    /** The operation is reported and let through. */
    AUDIT,
    /** The operation is refused in the kernel and reported. */
    ENFORCE
}
