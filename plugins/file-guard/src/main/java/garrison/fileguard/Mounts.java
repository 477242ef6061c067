// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The mounts that this process sees. A walk up the directories ends at the root of a file system, so what is mounted below a
 * tree is made a tree of its own.
 */
final class Mounts {
    /** Holds no files of anyone's: not searched for hard links. */
    private static final Set<String> SYNTHETIC = Set.of("proc", "sysfs", "cgroup", "cgroup2", "debugfs", "tracefs", "devpts",
            "securityfs", "bpf", "devtmpfs", "mqueue", "pstore", "efivarfs", "configfs", "fusectl", "binfmt_misc", "nsfs");

    private record Mount(Path point, String type, String device, Path root) {}

    private final List<Mount> all;

    private Mounts(List<Mount> all) {
        this.all = all;
    }

    /** @throws IOException if {@code /proc/self/mountinfo} cannot be read */
    static Mounts now() throws IOException {
        return parse(Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1));
    }

    static Mounts parse(List<String> lines) {
        List<Mount> all = new ArrayList<>();
        for (String line : lines) {
            String[] words = line.split(" ");
            int dash = List.of(words).indexOf("-");
            if (dash > 5 && dash + 1 < words.length) {
                all.add(new Mount(Path.of(unescape(words[4])), words[dash + 1], words[2], Path.of(unescape(words[3]))));
            }
        }
        return new Mounts(List.copyOf(all));
    }

    /** All mount points. */
    Set<Path> points() {
        return all.stream().map(Mount::point).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** Mount points below a directory, itself excluded. */
    List<Path> below(Path directory) {
        return all.stream().map(Mount::point).filter(p -> p.startsWith(directory) && !p.equals(directory)).distinct().toList();
    }

    /** Where file systems of a type are mounted, each once and by its own root; as types are written in /proc/filesystems. */
    List<Path> points(String type) {
        Map<String, Path> byDevice = new LinkedHashMap<>();
        all.stream().filter(mount -> mount.type.equals(type) && mount.root.getParent() == null && of(mount.point) == mount)
                .forEach(mount -> byDevice.putIfAbsent(mount.device, mount.point));
        return List.copyOf(byDevice.values());
    }

    /** Of all file systems that are mounted. */
    Set<String> types() {
        return all.stream().map(Mount::type).collect(Collectors.toCollection(HashSet::new));
    }

    /** Where the root of the file system of a device, {@code MAJOR:MINOR}, is mounted. */
    Optional<Path> pointOfDevice(String device) {
        return all.stream().filter(mount -> mount.device.equals(device) && mount.root.getParent() == null).map(Mount::point).findFirst();
    }

    /** The first mount point of a type of file system. */
    Optional<Path> first(String type) {
        return all.stream().filter(mount -> mount.type.equals(type)).map(Mount::point).findFirst();
    }

    /** Whether a directory is the mount point of a file system that the kernel makes up. */
    boolean synthetic(Path directory) {
        return all.stream().anyMatch(m -> m.point.equals(directory) && SYNTHETIC.contains(m.type));
    }

    /** The mount point that a real path lies in; the root directory where none is listed. */
    Path pointOf(Path path) {
        Mount mount = of(path);
        return mount == null ? path.getRoot() : mount.point;
    }

    /**
     * The same place on a way that shows the directories above it: what is seen through a bind mount lies somewhere in a file
     * system that may well be mounted with more of it elsewhere. The path itself where it is not.
     */
    Path unbound(Path path) {
        Mount here = of(path);
        if (here == null || here.root.getParent() == null) {
            return path;
        }
        Path inside = here.root.resolve(here.point.relativize(path)).normalize();
        Mount best = here;
        for (Mount other : all) {
            if (other.device.equals(here.device) && inside.startsWith(other.root) && other.root.getNameCount() < best.root.getNameCount()) {
                best = other;
            }
        }
        return best.point.resolve(best.root.relativize(inside)).normalize();
    }

    /** Of several that hold a path the innermost, of several at one place the last, which hides the others. */
    private Mount of(Path path) {
        Mount found = null;
        for (Mount mount : all) {
            if (path.startsWith(mount.point) && (found == null || mount.point.getNameCount() >= found.point.getNameCount())) {
                found = mount;
            }
        }
        return found;
    }

    /** The kernel writes space, tab, newline and backslash as three octal digits; the rest are bytes of UTF-8. */
    private static String unescape(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        byte[] out = new byte[bytes.length];
        int length = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\\' && i + 3 < bytes.length) {
                out[length++] = (byte) ((bytes[i + 1] - '0') << 6 | (bytes[i + 2] - '0') << 3 | (bytes[i + 3] - '0'));
                i += 3;
            } else {
                out[length++] = bytes[i];
            }
        }
        return new String(out, 0, length, StandardCharsets.UTF_8);
    }
}
