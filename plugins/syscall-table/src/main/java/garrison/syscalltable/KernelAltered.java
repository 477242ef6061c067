// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import garrison.spi.Event;
import java.time.Instant;
import java.util.List;

/**
 * Somebody did something that alters the running kernel, or another process.
 *
 * @param plugin {@code syscall-table}
 * @param time of the act, from the kernel's clock
 * @param severity ALARM for what nobody does to a healthy kernel: a hidden module
 * @param action what was done
 * @param command the bpf command, the ptrace request, the socket option; else empty
 * @param object what it was done to: module, probed function, parameter, BPF object
 * @param kind of a BPF object its type's number, of a socket its family, of a module its taints; else 0
 * @param id of a BPF object its id, of a file its inode; else 0
 * @param address of the kernel's object or the probed place, hexadecimal; empty when there is none
 * @param owner whose code a probe or tracer runs: {@code module NAME}, {@code bpf}, {@code kernel}, {@code unknown}; empty if none
 * @param handler the symbol of that code, as the kernel names it
 * @param hash of a module's file, SHA-256; empty when it came from memory or could not be had
 * @param helpers of a loaded BPF program: the numbers of the helpers it calls
 * @param oldValue of a parameter, before
 * @param newValue of a parameter, as written
 * @param target the other process, of ptrace; else 0
 * @param result what the kernel answered, a negative errno when it refused; 0 where that is not known, see {@code hasResult}
 * @param hasResult whether the result is known: acts told before they are done have none
 * @param pid the process, in the initial pid namespace; 0 when it was found by a look at the kernel's lists
 * @param tid the thread, likewise
 * @param ppid its parent
 * @param uid real user
 * @param euid effective user
 * @param gid real group
 * @param capabilities effective ones, hexadecimal
 * @param comm the thread's name, which it chooses itself
 * @param cgroup the cgroup's id (v2)
 * @param container the cgroup's path, as /proc told a moment later; empty when the process had ended
 */
public record KernelAltered(String plugin, Instant time, Severity severity, Action action, String command, String object, int kind,
        long id, String address, String owner, String handler, String hash, List<Integer> helpers, String oldValue, String newValue,
        int target, int result, boolean hasResult, int pid, int tid, int ppid, long uid, long euid, long gid, String capabilities,
        String comm, long cgroup, String container) implements Event {
    /** The stable name of this kind of event. */
    public static final String TYPE = "kernel_altered";

    /** Copies the list. */
    public KernelAltered {
        helpers = List.copyOf(helpers);
    }

    @Override
    public String type() {
        return TYPE;
    }
}
