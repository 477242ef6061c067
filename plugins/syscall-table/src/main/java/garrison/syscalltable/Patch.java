// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import java.util.Arrays;

/**
 * How code differs from its first reading. The kernel patches its own text where it traces: a five-byte NOP becomes a call of
 * ftrace's or BPF's trampoline, a kprobe puts a breakpoint, or a jump to its own copy of the instructions.
 *
 * @param kind what it looks like
 */
record Patch(Kind kind) {
    /** What a change looks like. */
    enum Kind { NONE, TRACED, BREAKPOINT, OPTIMIZED, OTHER }

    private static final byte[] NOP = {0x0f, 0x1f, 0x44, 0x00, 0x00};
    private static final byte CALL = (byte) 0xe8;
    private static final byte JUMP = (byte) 0xe9;
    private static final byte INT3 = (byte) 0xcc;

    /**
     * Looks at bytes of the same place.
     *
     * @param symbol where the branch that is there now leads, in the kernel's words
     */
    static Patch of(byte[] first, byte[] now, String symbol) {
        int from = Arrays.mismatch(first, now);
        if (from < 0) {
            return new Patch(Kind.NONE);
        }
        int to = first.length;
        while (first[to - 1] == now[to - 1]) {
            to--;
        }
        if (to - from == 1 && now[from] == INT3) {
            return new Patch(Kind.BREAKPOINT);
        }
        if (to - from <= NOP.length && from + NOP.length <= now.length) {
            boolean ofKernel = symbol.startsWith("ftrace_") || symbol.startsWith("bpf_trampoline_");
            if (now[from] == CALL && ofKernel && Arrays.equals(first, from, from + NOP.length, NOP, 0, NOP.length)) {
                return new Patch(Kind.TRACED);
            }
            if (now[from] == JUMP && symbol.startsWith("kprobe_optinsn")) {
                return new Patch(Kind.OPTIMIZED);
            }
        }
        return new Patch(Kind.OTHER);
    }

    /** Whether that is how the kernel itself patches. */
    boolean known() {
        return kind != Kind.OTHER;
    }

    String words(String function, String owner, String symbol) {
        return switch (kind) {
            case NONE, OTHER -> symbol.isEmpty() ? function + " has other instructions"
                    : function + " branches to " + Owner.name(symbol) + " (" + owner + ")";
            case TRACED -> function + " is traced, through " + Owner.name(symbol);
            case BREAKPOINT -> function + " has a breakpoint, as a kprobe puts it";
            case OPTIMIZED -> function + " has a jump to a kprobe's copy";
        };
    }
}
