// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * Puts records into words. Knows the policy in force and the one before, since a record may be read after the policy that
 * caused it has been replaced. Called on the reader's thread; the policies come from another.
 */
final class EventWriter {
    private record Known(CompiledPolicy now, Optional<CompiledPolicy> before) {}

    private volatile Known known;

    void inForce(CompiledPolicy policy) {
        Known last = known;
        known = new Known(policy, Optional.ofNullable(last).map(Known::now));
    }

    FileAccessEvent write(FileAccessRecord record, Instant time) {
        CompiledPolicy policy = policyOf(record.rule());
        String rule = policy == null ? "rule " + record.rule() : policy.ruleNames().get(record.rule());
        Path place = policy == null ? null
                : policy.places().get(new PlaceKey(record.rule(), record.device(), record.matchedInode()));
        PathNames first = PathNames.read(record.names(), 0, record.namesLength(), record.namesCut());
        PathNames second = PathNames.read(record.names(), record.namesLength(), record.otherLength(), record.otherCut());
        // The end that the rule's place leads to is the object; of a rename over a protected file that is the second.
        PathNames own = record.second() == 0 ? first : second;
        PathNames other = record.second() == 0 ? second : first;
        boolean known = place != null && record.depth() >= 0;
        Program program = program(policy, record);
        return new FileAccessEvent(FileGuard.NAME, time, rule, Operation.gravest(record.operation()).word(),
                known ? own.below(place, record.depth()) : nameless(record),
                record.otherLength() == 0 ? "" : other.from(known ? own.mountPoint(place, record.depth()) : ""),
                record.verdict(), record.killed() != 0, record.mode() == 0 ? Mode.AUDIT : Mode.ENFORCE, Hook.nameOf(record.hook()), record.tgid(),
                record.pid(), Integer.toUnsignedLong(record.uid()), Integer.toUnsignedLong(record.gid()), record.comm(),
                program.path, program.from, record.cgroup(), device(record), record.objectInode());
    }

    /** Opened by handle: the kernel itself knows no name of it at that moment. */
    private static String nameless(FileAccessRecord record) {
        return "(no name known: inode " + record.objectInode() + " of device " + device(record) + ")";
    }

    private static String device(FileAccessRecord record) {
        return (record.device() >>> 20) + ":" + (record.device() & 0xfffff);
    }

    private CompiledPolicy policyOf(int rule) {
        Known both = known;
        if (both == null) {
            return null;
        }
        return both.now.ruleNames().containsKey(rule) ? both.now
                : both.before.filter(p -> p.ruleNames().containsKey(rule)).orElse(null);
    }

    /** What a process runs, and how that is known. */
    private record Program(String path, String from) {}

    private static Program program(CompiledPolicy policy, FileAccessRecord record) {
        if (record.exeInode() == 0) {
            return new Program("", "kernel");
        }
        Path named = policy == null ? null
                : policy.executables().get(new CompiledPolicy.ExecutableKey(record.exeDevice(), record.exeInode()));
        if (named != null) {
            return new Program(named.toString(), "rule");
        }
        try {
            return new Program(Files.readSymbolicLink(Path.of("/proc/" + record.tgid() + "/exe")).toString(), "proc");
        } catch (IOException | InvalidPathException e) {
            // It has ended, or its program's name is no path in this locale.
            return new Program("", "unknown");
        }
    }
}
