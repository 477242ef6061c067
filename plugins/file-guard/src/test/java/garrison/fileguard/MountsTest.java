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
    void thisMachinesMounts_areReadable() throws IOException {
        assertTrue(Mounts.now().below(Path.of("/")).contains(Path.of("/proc")));
    }
}
