// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import garrison.spi.ProgramInfo;
import java.util.List;

/**
 * A program with all subprograms that it calls behind it, as the kernel takes it: maps by their index, types and fields still to be
 * found by the kernel, which does that when it loads it.
 *
 * @param info its name and section
 * @param code instructions of 8 bytes
 * @param functions {@code struct bpf_func_info} of 8 bytes: where each begins, in instructions, and its type
 * @param fields {@code struct bpf_core_relo} of 16 bytes
 * @param symbols the kernel's functions it refers to
 */
record LinkedProgram(ProgramInfo info, byte[] code, byte[] functions, byte[] fields, List<KernelSymbol> symbols) {
    static final int INSTRUCTION = 8;
    static final int FUNCTION = 8;
    static final int FIELD = 16;

    /**
     * A reference to a function of the kernel.
     *
     * @param instruction which instruction
     * @param name the function's
     * @param weak whether the kernel need not have it
     * @param call whether it is called; else its address is taken
     */
    record KernelSymbol(int instruction, String name, boolean weak, boolean call) {}
}
