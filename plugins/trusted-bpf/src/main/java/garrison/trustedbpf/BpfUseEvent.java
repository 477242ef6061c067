// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.Event;
import garrison.spi.Mode;
import java.time.Instant;

/**
 * A process that is not trusted tried what only trusted ones may do, or a trusted one what it may not.
 *
 * @param plugin {@code trusted-bpf}
 * @param time of the attempt, from the kernel's clock
 * @param act what was tried, by {@link Act}'s words
 * @param command of bpf(2), for example {@code prog_load}; of keyctl(2), for example {@code unlink}; of a signal its number; else empty
 * @param reason why the process is not trusted, by {@link Reason}'s words
 * @param error the kernel's word on its program's signature, a negative errno; 0 when it was not asked
 * @param verdict 0 when let through, else the negative errno returned: -1 (EPERM)
 * @param mode ENFORCE when it was refused; AUDIT reports and lets through
 * @param pid the process, in the initial pid namespace
 * @param tid the thread, likewise
 * @param uid real user
 * @param gid real group
 * @param comm the thread's name, which it chooses itself
 * @param executable path of its program a moment later, by /proc; empty when it had ended
 * @param cgroup the cgroup's id (v2)
 * @param device its program's file system, major:minor
 * @param inode its program's inode number
 * @param other the process that was to be traced, or got the signal; else 0
 */
public record BpfUseEvent(String plugin, Instant time, String act, String command, String reason, int error, int verdict, Mode mode,
        int pid, int tid, long uid, long gid, String comm, String executable, long cgroup, String device, long inode, int other)
        implements Event {
    /** The stable name of this kind of event. */
    public static final String TYPE = "bpf_use";

    @Override
    public String type() {
        return TYPE;
    }

    /** Whether it was refused. */
    public boolean denied() {
        return verdict != 0;
    }
}
