// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.ProgramSource;
import java.util.List;

/**
 * Tells what alters the running kernel: its system call table, the code that dispatches system calls, their handlers, guarded
 * parameters and lists, compared in the kernel with a locked first reading; and bpf(), modules, probes, ptrace, socket filters
 * and sysctl as they are used. It refuses nothing. See the plugin's README for events and limits.
 *
 * <p>Minimum kernel 6.1, x86-64.
 */
public final class SyscallTable implements Plugin {
    static final String NAME = "syscall-table";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<ProgramSource> objects() {
        return List.of(ProgramSource.resource(SyscallTable.class, "bpf/syscall_table.bpf.o"));
    }

    @Override
    public PluginSession open(PluginContext context) {
        return new SyscallTableSession(context, Watch.read(context.settings()), Lockdown.read());
    }
}
