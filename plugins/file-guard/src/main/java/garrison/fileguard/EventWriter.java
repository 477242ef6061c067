// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
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
        PathNames names = PathNames.read(record.names(), 0, record.namesLength(), record.namesCut());
        PathNames others = PathNames.read(record.names(), record.namesLength(), record.otherLength(), record.otherCut());
        boolean known = place != null && record.depth() >= 0;
        boolean second = record.second() != 0;
        String mountPoint = known ? (second ? others : names).mountPoint(place, record.depth()) : "";
        String path = known && !second ? names.below(place, record.depth()) : names.from(mountPoint);
        String otherPath = record.otherLength() == 0 ? ""
                : known && second ? others.below(place, record.depth()) : others.from(mountPoint);
        return new FileAccessEvent(FileGuard.NAME, time, rule, Operation.words(record.operation()), path, otherPath,
                -record.verdict(), record.mode() == 0 ? Mode.AUDIT : Mode.ENFORCE, Hook.nameOf(record.hook()), record.tgid(),
                record.pid(), Integer.toUnsignedLong(record.uid()), Integer.toUnsignedLong(record.gid()), record.comm(),
                executable(policy, record), record.cgroup(), Integer.toUnsignedLong(record.device()), record.objectInode());
    }

    private CompiledPolicy policyOf(int rule) {
        Known both = known;
        if (both == null) {
            return null;
        }
        return both.now.ruleNames().containsKey(rule) ? both.now
                : both.before.filter(p -> p.ruleNames().containsKey(rule)).orElse(null);
    }

    private static String executable(CompiledPolicy policy, FileAccessRecord record) {
        if (record.exeInode() == 0) {
            return "";
        }
        Path named = policy == null ? null
                : policy.executables().get(new CompiledPolicy.ExecutableKey(record.exeDevice(), record.exeInode()));
        if (named != null) {
            return named.toString();
        }
        try {
            return Files.readSymbolicLink(Path.of("/proc/" + record.tgid() + "/exe")).toString();
        } catch (IOException e) {
            // It has ended: the event still tells its inode's place by pid, uid and comm.
            return "";
        }
    }
}
