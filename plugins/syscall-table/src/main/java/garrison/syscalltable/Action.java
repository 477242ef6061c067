// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

/** What is done to a running kernel; in the order of enum syscall_table_action. */
public enum Action {
    /** A bpf() command. */
    BPF,
    /** A filter attached to a socket, removed or locked. */
    SOCKET_FILTER,
    /** A module is loaded, its code not yet run. */
    MODULE_LOAD,
    /** A module goes, or could not be loaded to the end. */
    MODULE_UNLOAD,
    /** A module lives that is not on the kernel's list. */
    MODULE_HIDDEN,
    /** It is on the list again. */
    MODULE_SHOWN,
    /** A kprobe or kretprobe, by perf, tracefs or a module. */
    KPROBE_REGISTER,
    /** It is taken away. */
    KPROBE_UNREGISTER,
    /** A registered kprobe is switched on. */
    KPROBE_ENABLE,
    /** It is switched off. */
    KPROBE_DISABLE,
    /** A probe in user space. */
    UPROBE_REGISTER,
    /** It is taken away. */
    UPROBE_UNREGISTER,
    /** A function is called by ftrace from now on. */
    FTRACE_REGISTER,
    /** No longer. */
    FTRACE_UNREGISTER,
    /** The right to alter another process was asked for: ptrace, process_vm_writev, /proc/PID/mem, pidfd_getfd. */
    PTRACE_ACCESS,
    /** A process asked its parent to trace it. */
    PTRACE_TRACEME,
    /** Memory or registers of a traced process were written. */
    PTRACE_ALTER,
    /** A kernel parameter is written. */
    SYSCTL_WRITE,
    /** A kernel parameter is read. */
    SYSCTL_READ;

    static Action of(int number) {
        return values()[number - 1];
    }
}
