// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import garrison.spi.Event;
import java.time.Instant;

/**
 * Kernel memory that nobody should write is not what it was at the last look; told once for each change, the way back included.
 *
 * @param plugin {@code syscall-table}
 * @param time of the look that showed it, from the kernel's clock
 * @param severity NOTICE for known patching (tracing by the kernel's own means) and for the way back
 * @param area what kind of memory
 * @param name the system call ({@code personality}), the function ({@code x64_sys_call}), the parameter, the struct
 * @param number the system call's number for tables and handlers; else -1
 * @param address of the first byte that differs, hexadecimal
 * @param offset of it, in bytes from the begin of the table, function, parameter or struct
 * @param first what was there at the first reading: a pointer's name and value, text, or bytes in hexadecimal
 * @param before what was there at the look before
 * @param now what is there
 * @param owner whose code it leads to: {@code module NAME}, {@code bpf}, {@code kernel}, {@code unknown}; empty if it leads nowhere
 * @param leadsTo the symbol that it leads to, as the kernel names it; empty if nowhere
 * @param restored whether all of it is as at the first reading again
 * @param detail what is wrong, in words
 */
public record KernelMemoryAltered(String plugin, Instant time, Severity severity, Area area, String name, int number,
        String address, long offset, String first, String before, String now, String owner, String leadsTo, boolean restored,
        String detail) implements Event {
    /** The stable name of this kind of event. */
    public static final String TYPE = "kernel_memory_altered";

    @Override
    public String type() {
        return TYPE;
    }
}
