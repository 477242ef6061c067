// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.fileguard.FileAccessEvent.Ancestor;
import garrison.spi.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Puts records into words. Knows policies that were replaced, too, since a record may be read long after the policy that caused it:
 * when many wait in the ring. Called on the reader's thread; the policies come from another.
 */
final class EventWriter {
    /** Of policies before the one before: so many places and rules are remembered. */
    private static final int REMEMBERED = 20_000;
    private static final long LATER_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** struct file_guard_ancestor. */
    private static final int ANCESTOR_SIZE = 20;
    /** The parent of the first process of all. */
    private static final Ancestor NOBODY = new Ancestor(0, "");

    /** What is needed of a policy to put its events into words. */
    private record Words(Map<Integer, String> rules, Map<PlaceKey, Path> places, Map<CompiledPolicy.ExecutableKey, Path> executables) {
        static Words of(CompiledPolicy policy) {
            return new Words(policy.ruleNames(), policy.places(), policy.executables());
        }

        int size() {
            return rules.size() + places.size() + executables.size();
        }
    }

    /**
     * Where a file system is mounted that was not at the load, or that it is nowhere here.
     *
     * @param until {@link System#nanoTime}; asked again after it, for a device's number is given anew
     */
    private record Later(Path point, long until) {}

    /** By device. */
    private final Map<Integer, Later> later = new HashMap<>();
    /** The newest first. */
    private volatile List<Words> known = List.of();

    synchronized void inForce(CompiledPolicy policy) {
        List<Words> next = new ArrayList<>(List.of(Words.of(policy)));
        int size = 0;
        for (Words older : known) {
            size += older.size();
            if (next.size() > 1 && size > REMEMBERED) {
                break;
            }
            next.add(older);
        }
        known = List.copyOf(next);
    }

    /** What comes before the one before a policy whose event was read: none of theirs will come any more. */
    private synchronized void forgetBefore(Words policy) {
        List<Words> all = known;
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i) == policy) {
                known = List.copyOf(all.subList(0, Math.min(all.size(), i + 2)));
                return;
            }
        }
    }

    /** A rule's name, or its number when no policy known here has it. */
    String rule(int rule) {
        return nameOf(rule, policyOf(rule));
    }

    private static String nameOf(int rule, Words policy) {
        return policy == null ? "rule " + rule : policy.rules.get(rule);
    }

    FileAccessEvent write(FileAccessRecord record, Instant time) {
        Words policy = policyOf(record.rule());
        Path place = policy == null ? null : place(policy, record);
        PathNames first = PathNames.read(record.names(), 0, record.namesLength(), record.namesCut());
        PathNames second = PathNames.read(record.names(), record.namesLength(), record.otherLength(), record.otherCut());
        // The end that the rule's place leads to is the object; of a rename over a protected file that is the second.
        PathNames own = record.second() == 0 ? first : second;
        PathNames other = record.second() == 0 ? second : first;
        boolean known = place != null && record.depth() >= 0;
        Program program = program(policy, record);
        List<Ancestor> ancestors = ancestors(record.ancestors());
        Ancestor parent = ancestors.isEmpty() ? NOBODY : ancestors.getFirst();
        return new FileAccessEvent(FileGuard.NAME, time, nameOf(record.rule(), policy), Operation.gravest(record.operation()).word(),
                known ? own.below(place, record.depth()) : nameless(record),
                record.otherLength() == 0 ? "" : other.from(known ? own.mountPoint(place, record.depth()) : ""),
                seen(record, first),
                record.verdict(), record.killed() != 0, record.mode() == 0 ? Mode.AUDIT : Mode.ENFORCE, Hook.nameOf(record.hook()), record.tgid(),
                record.pid(), Integer.toUnsignedLong(record.uid()), Integer.toUnsignedLong(record.gid()), record.comm(),
                parent.pid(), parent.comm(), ancestors, program.path, program.from, record.cgroup(), device(record), record.objectInode());
    }

    /** The place that the rule names; of a file system that was mounted after the load, and is protected for its type, the mount point. */
    private Path place(Words policy, FileAccessRecord record) {
        Path place = policy.places.get(new PlaceKey(record.rule(), record.device(), record.matchedInode()));
        return place != null || record.depth() < 0 ? place : later(record);
    }

    private Path later(FileAccessRecord record) {
        long now = System.nanoTime();
        Later place = later.get(record.device());
        if (place == null || place.until - now <= 0) {
            later.values().removeIf(old -> old.until - now <= 0);
            try {
                Path point = Mounts.now().pointOfDevice(device(record)).orElse(Path.of("/(" + device(record) + ", not mounted here)"));
                place = new Later(point, now + LATER_NANOS);
            } catch (IOException e) {
                throw new UncheckedIOException("the mounts cannot be read", e);
            }
            later.put(record.device(), place);
        }
        return place.point;
    }

    /** What lies above the mount for the process, and the object's names below it. */
    private static String seen(FileAccessRecord record, PathNames own) {
        if (record.seen() < 0) {
            return "";
        }
        PathNames above = PathNames.read(record.names(), record.namesLength() + record.otherLength(), record.mountsLength(), record.mountsCut());
        return own.below(Path.of(above.from("")), record.seen());
    }

    private static List<Ancestor> ancestors(byte[] bytes) {
        List<Ancestor> ancestors = new ArrayList<>();
        ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        for (int at = 0; at < bytes.length && all.getInt(at) != 0; at += ANCESTOR_SIZE) {
            int name = at + Integer.BYTES;
            int end = name;
            while (end < at + ANCESTOR_SIZE && bytes[end] != 0) {
                end++;
            }
            ancestors.add(new Ancestor(all.getInt(at), new String(bytes, name, end - name, StandardCharsets.UTF_8)));
        }
        return List.copyOf(ancestors);
    }

    /** Opened by handle: the kernel itself knows no name of it at that moment. */
    private static String nameless(FileAccessRecord record) {
        return "(no name known: inode " + record.objectInode() + " of device " + device(record) + ")";
    }

    private static String device(FileAccessRecord record) {
        return (record.device() >>> 20) + ":" + (record.device() & 0xfffff);
    }

    private Words policyOf(int rule) {
        List<Words> all = known;
        for (int i = 0; i < all.size(); i++) {
            Words policy = all.get(i);
            if (policy.rules.containsKey(rule)) {
                if (i + 2 < all.size()) {
                    forgetBefore(policy);
                }
                return policy;
            }
        }
        return null;
    }

    /** What a process runs, and how that is known. */
    private record Program(String path, String from) {}

    private static Program program(Words policy, FileAccessRecord record) {
        if (record.exeInode() == 0) {
            return new Program("", "kernel");
        }
        Path named = policy == null ? null
                : policy.executables.get(new CompiledPolicy.ExecutableKey(record.exeDevice(), record.exeInode()));
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
