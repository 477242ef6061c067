// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.Event;
import garrison.spi.Mode;
import java.time.Instant;
import java.util.List;

/**
 * A rule had a say in what a process tried to do to a file.
 *
 * @param plugin {@code file-guard}
 * @param time of the attempt, from the kernel's clock
 * @param rule the rule's name; where several refuse, the first one met on the way up from the object
 * @param operation what was tried and is covered by the rule, in the words of rules
 * @param path the object: the protected place's path, and the names below it as the file system holds them; bytes that are
 *     not UTF-8 as {@code \xNN}. Begins with {@code …/} when too long to be told whole
 * @param otherPath the second name of a rename or link; else empty
 * @param verdict 0 when let through, else the errno returned: 1 (EPERM)
 * @param mode the weaker of the plugin's and the rule's mode: AUDIT reports and lets through
 * @param hook the LSM hook that saw it
 * @param pid the process
 * @param tid the thread
 * @param uid file system uid, the one that the kernel judges file accesses by
 * @param gid file system gid
 * @param comm the thread's name, which it chooses itself
 * @param executable path of the running program: known for those that rules name, else what {@code /proc} said a moment later;
 *     empty when the process had gone
 * @param cgroup the cgroup's id (v2)
 * @param device the file system's device, kernel encoding (major &lt;&lt; 20 | minor)
 * @param inode the object's inode number; 0 when it did not exist yet
 */
public record FileAccessEvent(String plugin, Instant time, String rule, List<String> operation, String path, String otherPath,
        int verdict, Mode mode, String hook, int pid, int tid, long uid, long gid, String comm, String executable, long cgroup,
        long device, long inode) implements Event {
    /** The stable name of this kind of event. */
    public static final String TYPE = "file_access";

    @Override
    public String type() {
        return TYPE;
    }
}
