// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The cgroup hierarchy (v2) as it is mounted here. A cgroup's id is its directory's inode number; made anew, it has another.
 *
 * @param root where it is mounted; empty if it is not
 */
record Cgroups(Optional<Path> root) {
    static Cgroups of(Mounts mounts) {
        return new Cgroups(mounts.first("cgroup2"));
    }

    /**
     * The ids on the way down to a cgroup: the root's first, its own last, so that each stands at its level.
     *
     * @param cgroup below the root, beginning with a slash
     * @return empty if there is no such cgroup
     */
    List<Long> ids(Path cgroup) {
        if (root.isEmpty()) {
            return List.of();
        }
        List<Long> ids = new ArrayList<>();
        Path at = root.get();
        try {
            ids.add(id(at));
            for (Path name : cgroup.normalize()) {
                at = at.resolve(name);
                ids.add(id(at));
            }
            return Files.isDirectory(at) ? ids : List.of();
        } catch (IOException e) {
            // Not there, which is for the caller to tell.
            return List.of();
        }
    }

    private static long id(Path directory) throws IOException {
        return (Long) Files.getAttribute(directory, "unix:ino");
    }

    /** Where it would be, for messages. */
    String place() {
        return root.map(Path::toString).orElse("a cgroup2 mount, of which there is none");
    }
}
