// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import java.util.List;

/** Kinds of kernel memory that are looked at. */
public enum Area {
    /** A system call table: which function serves which number. */
    TABLE(List.of("sys_call_table", "ia32_sys_call_table", "x32_sys_call_table")),
    /** The first bytes of the function that serves a system call. */
    HANDLER(List.of()),
    /** Code between the processor's entry and the handlers. */
    CODE(List.of("x64_sys_call", "ia32_sys_call", "do_syscall_64", "entry_SYSCALL_64")),
    /** A kernel parameter that makes the kernel run programs. */
    PARAMETER(List.of("modprobe_path", "core_pattern", "poweroff_cmd")),
    /** Function pointers behind well-known files of /proc. */
    OPERATIONS(List.of("tcp4_seq_ops", "tcp6_seq_ops", "udp_seq_ops", "modules_op", "kallsyms_op"));

    private final List<String> symbols;

    Area(List<String> symbols) {
        this.symbols = symbols;
    }

    /** By enum syscall_table_area. */
    static Area of(int number) {
        return values()[number - 1];
    }

    int code() {
        return ordinal() + 1;
    }

    /** The kernel's symbols, in the order of the regions' numbers; none for handlers. */
    List<String> symbols() {
        return symbols;
    }
}
