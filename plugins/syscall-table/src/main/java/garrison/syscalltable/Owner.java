// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

/** Whose code an address is, from the kernel's own words for it: {@code hook+0x0/0x20 [rootkit]}. */
final class Owner {
    private Owner() {}

    /** {@code module NAME}, {@code bpf}, {@code kernel}, {@code unknown}; empty for nothing. */
    static String of(String symbol) {
        if (symbol.isEmpty()) {
            return "";
        }
        int open = symbol.lastIndexOf('[');
        String within = open >= 0 && symbol.endsWith("]") ? symbol.substring(open + 1, symbol.length() - 1).split(" ")[0] : "";
        if (within.equals("bpf") || symbol.startsWith("bpf_prog_") || symbol.startsWith("bpf_trampoline_")) {
            return "bpf";
        }
        if (within.startsWith("__builtin__")) {
            return "kernel"; // memory that ftrace or kprobes got for their trampolines
        }
        if (!within.isEmpty()) {
            return "module " + within;
        }
        return symbol.startsWith("0x") ? "unknown" : "kernel";
    }

    /** The symbol without offset and owner; of one of ftrace's trampolines what it is there for, too. */
    static String name(String symbol) {
        int end = symbol.indexOf('+');
        return end < 0 ? symbol : symbol.substring(0, end);
    }

    /** The symbol's size in bytes; 0 when the kernel did not tell. */
    static int size(String symbol) {
        int slash = symbol.indexOf("/0x");
        if (slash < 0) {
            return 0;
        }
        int end = slash + 3;
        while (end < symbol.length() && Character.digit(symbol.charAt(end), 16) >= 0) {
            end++;
        }
        return Integer.parseUnsignedInt(symbol, slash + 3, end, 16);
    }
}
