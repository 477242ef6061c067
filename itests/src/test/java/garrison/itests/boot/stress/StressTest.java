// SPDX-License-Identifier: Apache-2.0
package garrison.itests.boot.stress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.cfimonitor.CfiEvent;
import garrison.itests.Guest;
import garrison.itests.cfimonitor.EmbeddedMonitor;
import garrison.itests.cfimonitor.Exploit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A boot of its own, after the ordinary one: the lock that was learnt there, with another workload and the kernel at another place, holds
 * here, and a mixed load raises nothing.
 */
@Timeout(1800)
class StressTest {
    /** What makes tasks, changes what they may do, and lets them meet; and some that only work. */
    private static final List<String> STRESSORS = List.of("fork", "vfork", "clone", "pthread", "kill", "zombie", "session", "set", "get",
            "cap", "prctl", "seccomp", "key", "unshare", "chroot", "nice", "cpu", "mmap", "pipe", "sockpair", "futex", "dentry",
            "rename", "timer");
    private static final Duration LOAD = Duration.ofSeconds(Guest.isLong() ? 600 : 60);

    @Test
    void lockOfAnotherBoot_holds_andAMixedLoadRaisesNothing() throws IOException {
        Path learnt = Path.of("target/lab", System.getProperty("garrison.kernel"), "test/out");
        Path lock = learnt.resolve("cfi.lock").toAbsolutePath();
        assertTrue(Files.exists(lock), lock + " is missing: ./lab test --suite cfi-monitor on this kernel makes it");
        assertNotEquals(Files.readString(learnt.resolve("cfi.boot")), Files.readString(Path.of("/proc/sys/kernel/random/boot_id")));
        try (EmbeddedMonitor monitor = new EmbeddedMonitor("mode = ENFORCE, move-every = 5s, lock = \"" + lock + "\"")) {
            monitor.awaitLaterSensors("commit_creds", "prepare_kernel_cred");
            try (Exploit exploit = new Exploit()) {
                Exploit.Outcome chain = exploit.run(Exploit.Act.CHAIN);
                assertFalse(monitor.events().stream().anyMatch(e -> e.pid() == chain.pid() && e.finding().equals("unknown_call_site")),
                        () -> "the sites of the lock are known: " + monitor.events());
            }
            List<CfiEvent> before = monitor.events();
            load();
            monitor.assertNothingToldSince(before);
            System.out.println("a load of " + LOAD.toSeconds() + " s raised nothing; sensors behind entries: " + monitor.figure("sensors behind entries"));
        }
    }

    private static void load() throws IOException {
        Path report = Guest.scratch("load").resolve("report");
        List<String> words = new ArrayList<>(List.of("stress-ng", "--timeout", LOAD.toSeconds() + "s", "--temp-path", report.getParent().toString()));
        STRESSORS.forEach(each -> words.addAll(List.of("--" + each, "1")));
        Process process = new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(report.toFile()).start();
        try {
            int exit = process.waitFor();
            System.out.println(Files.readString(report));
            assertEquals(0, exit, "stress-ng, see above");
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
