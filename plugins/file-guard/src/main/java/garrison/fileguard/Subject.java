// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.ConfigurationException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;

/**
 * Who may do what a rule refuses to others: whoever fits all that is said.
 *
 * @param executable absolute path of the running program (of a script: its interpreter); empty for any
 * @param uid the file system uid, the one that the kernel itself judges file accesses by; empty for any
 * @param gid the file system gid; further groups of the process do not count; empty for any
 * @param cgroup below the root of the cgroup hierarchy (v2); those below it are meant too; empty for any
 * @param ancestor absolute path of a program that a process above runs: the parent, its parent, and so on; empty for any
 * @param verity the running program's fs-verity digest; empty for any
 * @param until when the entry ends; empty for never
 * @param place file and line
 * @param written makes errors about its keys
 */
record Subject(Optional<Path> executable, OptionalLong uid, OptionalLong gid, Optional<Path> cgroup, Optional<Path> ancestor,
        Optional<VerityDigest> verity, Optional<Instant> until, String place, Written written) {
    /** Makes an error about a key's value, as {@link garrison.spi.Settings#error} does. */
    interface Written {
        ConfigurationException error(String key, String problem, String remedy);
    }

    /** An entry that nobody wrote. */
    static Subject observed(Path executable, OptionalLong uid) {
        return new Subject(Optional.of(executable), uid, OptionalLong.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty(), "observed", (key, problem, remedy) -> new ConfigurationException("observed", key + " " + problem, remedy));
    }

    /** An error about its executable. */
    ConfigurationException error(String problem) {
        return error("executable", problem);
    }

    /** An error about the program that a key names. */
    ConfigurationException error(String key, String problem) {
        return written.error(key, problem, "name the program's file, not a command");
    }

    /** Whether look-ups can tell it, without going through terms. */
    boolean plain() {
        return gid.isEmpty() && cgroup.isEmpty() && ancestor.isEmpty() && verity.isEmpty() && until.isEmpty();
    }

    /** Whether everyone whom this lets through is let through by the other too. */
    boolean within(Subject other) {
        return (other.executable.isEmpty() || other.executable.equals(executable)) && (other.uid.isEmpty() || other.uid.equals(uid))
                && (other.gid.isEmpty() || other.gid.equals(gid))
                && (other.cgroup.isEmpty() || cgroup.isPresent() && cgroup.get().startsWith(other.cgroup.get()))
                && (other.ancestor.isEmpty() || other.ancestor.equals(ancestor))
                && (other.verity.isEmpty() || other.verity.equals(verity))
                && (other.until.isEmpty() || until.isPresent() && !until.get().isAfter(other.until.get()));
    }

    /** Whether nobody can be both. */
    boolean excludes(Subject other) {
        boolean apart = cgroup.isPresent() && other.cgroup.isPresent() && !cgroup.get().startsWith(other.cgroup.get())
                && !other.cgroup.get().startsWith(cgroup.get());
        return apart || executable.isPresent() && other.executable.isPresent() && !executable.equals(other.executable)
                || verity.isPresent() && other.verity.isPresent() && !verity.equals(other.verity)
                || uid.isPresent() && other.uid.isPresent() && !uid.equals(other.uid)
                || gid.isPresent() && other.gid.isPresent() && !gid.equals(other.gid);
    }

    /** For people. */
    String words() {
        return actor().words() + until.map(end -> " until " + end).orElse("");
    }

    /** One that acts exactly as this entry asks, and is nobody else. */
    Actor actor() {
        return new Actor(executable, uid, gid, cgroup, ancestor, verity);
    }

    /** The keys with their values, as a file has them. */
    List<String> keys(UnaryOperator<String> quoted) {
        List<String> keys = new ArrayList<>();
        executable.ifPresent(path -> keys.add("executable = " + quoted.apply(path.toString())));
        uid.ifPresent(id -> keys.add("uid = " + id));
        gid.ifPresent(id -> keys.add("gid = " + id));
        cgroup.ifPresent(path -> keys.add("cgroup = " + quoted.apply(path.toString())));
        ancestor.ifPresent(path -> keys.add("ancestor = " + quoted.apply(path.toString())));
        verity.ifPresent(digest -> keys.add("fs-verity = " + quoted.apply(digest.toString())));
        until.ifPresent(end -> keys.add("until = " + quoted.apply(end.toString())));
        return keys;
    }
}
