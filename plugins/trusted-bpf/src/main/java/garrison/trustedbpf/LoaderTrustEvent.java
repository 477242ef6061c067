// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.Event;
import java.time.Instant;

/**
 * A process came to be trusted, did not although its program is signed, or was trusted and is no more.
 *
 * @param plugin {@code trusted-bpf}
 * @param time of the moment, from the kernel's clock
 * @param trusted whether it is from now on
 * @param act what decided: {@code exec} or {@code map_file}
 * @param reason {@code trusted}, or why not, by {@link Reason}'s words
 * @param error the kernel's word on the signature, a negative errno; 0 when it is good or was not asked
 * @param pid the process, in the initial pid namespace
 * @param uid real user
 * @param gid real group
 * @param comm the thread's name
 * @param executable path of its program a moment later, by /proc; empty when it had ended
 * @param cgroup the cgroup's id (v2)
 * @param device its program's file system, major:minor
 * @param inode its program's inode number
 */
public record LoaderTrustEvent(String plugin, Instant time, boolean trusted, String act, String reason, int error, int pid, long uid,
        long gid, String comm, String executable, long cgroup, String device, long inode) implements Event {
    /** The stable name of this kind of event. */
    public static final String TYPE = "loader_trust";

    @Override
    public String type() {
        return TYPE;
    }
}
