// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What needs no mount; those are made in guests. */
class MountWatchTest {
    private static boolean watched() {
        return Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> thread.getName().equals("garrison-mounts"));
    }

    private static long descriptors() throws Exception {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    @Test
    void closedWatch_leavesNeitherThreadNorDescriptor() throws Exception {
        MountWatch.start("one", () -> { }).close();
        long before = descriptors();
        for (int i = 0; i < 5; i++) {
            MountWatch watch = MountWatch.start("one", () -> { });
            assertTrue(watched());
            assertTimeoutPreemptively(Duration.ofSeconds(20), watch::close);
            watch.close();
        }
        assertEquals(before, descriptors());
        assertFalse(watched());
    }
}
