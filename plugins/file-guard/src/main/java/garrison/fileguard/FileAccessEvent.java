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
 * @param operation what was tried, in the words of rules; of several at once (an open for reading and writing) the gravest
 *     that the rule covers
 * @param path the object: the protected place's path, and the names below it as the file system holds them; bytes that are
 *     not UTF-8, and backslashes, as {@code \xNN}. Where it was too long to be told whole, {@code …} stands for what is missing
 * @param otherPath of a rename or link the path at its other end; else empty
 * @param seenPath the object as the process saw it: from its own root, through the mount that it came by; of what lies outside of
 *     its root from its mount namespace's. Empty where the hook is told no mount: those on names (create, delete, rename, link) and
 *     attributes
 * @param verdict 0 when let through, else the negative errno returned: -1 (EPERM)
 * @param killed whether the process was sent SIGKILL for it
 * @param mode the weaker of the plugin's and the rule's mode: AUDIT reports and lets through
 * @param hook the LSM hook that saw it
 * @param pid the process, in the initial pid namespace
 * @param tid the thread, likewise
 * @param uid file system uid, the one that the kernel judges file accesses by
 * @param gid file system gid
 * @param comm the thread's name, which it chooses itself
 * @param parent the process that started it, or that took it over when that one ended; 0 for the first
 * @param parentComm the name of the thread that did
 * @param ancestors the parent, the process that started that one, and so on: up to {@value #MOST_ANCESTORS}
 * @param executable path of the running program; empty when unknown
 * @param executableFrom how that is known: {@code rule} (a rule names this very file), {@code proc} (what /proc said a moment
 *     later, perhaps of what the process ran next), {@code unknown} (it had ended), {@code kernel} (a kernel thread)
 * @param cgroup the cgroup's id (v2)
 * @param device the file system's device, major:minor
 * @param inode the object's inode number; 0 when it did not exist yet
 */
public record FileAccessEvent(String plugin, Instant time, String rule, String operation, String path, String otherPath,
        String seenPath, int verdict, boolean killed, Mode mode, String hook, int pid, int tid, long uid, long gid, String comm, int parent,
        String parentComm, List<Ancestor> ancestors, String executable, String executableFrom, long cgroup, String device, long inode)
        implements Event {
    /** The stable name of this kind of event. */
    public static final String TYPE = "file_access";

    /** So many processes above the acting one are told. */
    public static final int MOST_ANCESTORS = 8;

    /**
     * A process above the acting one, as it was at that moment.
     *
     * @param pid in the initial pid namespace
     * @param comm the name of its thread that started the next
     */
    public record Ancestor(int pid, String comm) {}

    @Override
    public String type() {
        return TYPE;
    }

    /** Whether it was refused. */
    public boolean denied() {
        return verdict != 0;
    }
}
