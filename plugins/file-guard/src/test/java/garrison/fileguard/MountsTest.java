// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MountsTest {
    private static final List<String> LINES = List.of(
            "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
            "22 21 0:20 / /srv/tree/one\\040two rw - tmpfs tmpfs rw",
            "23 21 0:21 / /srv/tree rw shared:2 master:3 - tmpfs tmpfs rw",
            "24 21 0:22 / /srv/treetop rw - tmpfs tmpfs rw",
            "25 23 0:5 / /srv/tree/proc rw - proc proc rw");

    @Test
    void mounts_belowATree_areFoundByWholeNames() {
        assertEquals(List.of(Path.of("/srv/tree/one two"), Path.of("/srv/tree/proc")),
                Mounts.parse(LINES).below(Path.of("/srv/tree")));
    }

    @Test
    void fileSystems_thatTheKernelMakesUp_areKnown() {
        Mounts mounts = Mounts.parse(LINES);
        assertAll(
                () -> assertTrue(mounts.synthetic(Path.of("/srv/tree/proc"))),
                () -> assertFalse(mounts.synthetic(Path.of("/srv/tree"))));
    }

    @Test
    void fileSystemsOfAType_areFoundByTheirRoots_eachOnce_andNotWhereAnotherHidesThem() {
        Mounts mounts = Mounts.parse(List.of(
                "21 1 8:1 / / rw - ext4 /dev/sda1 rw",
                "22 21 8:1 /srv /mnt/bound rw - ext4 /dev/sda1 rw",
                "23 21 8:2 / /data rw - ext4 /dev/sda2 rw",
                "24 21 8:2 / /again rw - ext4 /dev/sda2 rw",
                "25 21 0:20 / /tmp rw - tmpfs tmpfs rw",
                "26 21 8:3 / /hidden rw - ext4 /dev/sda3 rw",
                "27 21 0:21 / /hidden rw - tmpfs tmpfs rw"));
        assertAll(
                () -> assertEquals(List.of(Path.of("/"), Path.of("/data")), mounts.points("ext4")),
                () -> assertEquals(List.of(Path.of("/tmp"), Path.of("/hidden")), mounts.points("tmpfs")),
                () -> assertEquals(List.of(), mounts.points("vfat")));
    }

    @Test
    void bindMount_isSeenThrough_whereMoreOfItsFileSystemIsMounted() {
        Mounts mounts = Mounts.parse(List.of(
                "21 1 8:1 / / rw - ext4 /dev/sda1 rw",
                "22 21 8:1 /srv/tree/sub /mnt/bound rw - ext4 /dev/sda1 rw",
                "23 21 8:2 /sub /only/here rw - ext4 /dev/sda2 rw",
                "24 21 8:3 / /srv/disk rw - ext4 /dev/sda3 rw"));
        assertAll(
                () -> assertEquals(Path.of("/srv/tree/sub/file"), mounts.unbound(Path.of("/mnt/bound/file"))),
                () -> assertEquals(Path.of("/srv/tree/sub"), mounts.unbound(Path.of("/mnt/bound"))),
                () -> assertEquals(Path.of("/only/here/file"), mounts.unbound(Path.of("/only/here/file"))),
                () -> assertEquals(Path.of("/srv/disk/file"), mounts.unbound(Path.of("/srv/disk/file"))),
                () -> assertEquals(Path.of("/srv/disk"), mounts.pointOf(Path.of("/srv/disk/file"))),
                () -> assertEquals(Path.of("/"), mounts.pointOf(Path.of("/srv/file"))));
    }

    @Test
    void thisMachinesMounts_areReadable() throws IOException {
        assertTrue(Mounts.now().below(Path.of("/")).contains(Path.of("/proc")));
    }
}
