// SPDX-License-Identifier: Apache-2.0
package garrison.itests.boot.stress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.cfimonitor.CfiEvent;
import garrison.framework.trust.SigningKey;
import garrison.itests.Guest;
import garrison.itests.cfimonitor.EmbeddedMonitor;
import garrison.itests.cfimonitor.Exploit;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A boot of its own, after the ordinary one: the lock that was learnt there, with another workload and the kernel at another place, is
 * shipped here with a signature and holds; an altered one is refused; and a mixed load raises nothing, with sensors behind entries too.
 */
@Timeout(1800)
class StressTest {
    /** What makes tasks, changes what they may do, and lets them meet; and some that only work. */
    private static final List<String> STRESSORS = List.of("fork", "vfork", "clone", "pthread", "kill", "zombie", "session", "set", "get",
            "cap", "prctl", "seccomp", "key", "unshare", "chroot", "nice", "cpu", "mmap", "pipe", "sockpair", "futex", "dentry",
            "rename", "timer");
    private static final Duration LOAD = Duration.ofSeconds(Guest.isLong() ? 600 : 60);

    private final Path folder = Guest.scratch("shipped");
    private final Path lock = folder.resolve("cfi.lock");
    private final String keys = "mode = ENFORCE, move-every = 5s, lock = \"" + lock + "\"";
    /** Objects need no signature here, so that those of the build can be used. */
    private final String trust = "trust { anchors = [ \"" + folder.resolve("reviewer.pem") + "\" ], require-signature = false }";

    @Test
    void signedLockOfAnotherBoot_holds_anAlteredOneIsRefused_andAMixedLoadRaisesNothing() throws IOException {
        ship();
        try (EmbeddedMonitor monitor = new EmbeddedMonitor(keys, trust)) {
            assertTrue(monitor.figure("lock").contains(", signed by CN=reviewer ") && !monitor.figure("lock").contains(": 0 call sites"),
                    monitor.figure("lock"));
            try (Exploit exploit = new Exploit()) {
                assertHolds(monitor, exploit);
                assertAlteredIsRefused(monitor);
                assertHolds(monitor, exploit);
            }
            monitor.awaitLaterSensors("commit_creds", "prepare_kernel_cred");
            List<CfiEvent> before = monitor.events();
            load();
            List.of("sensors behind entries", "entry sensors left out by the kernel, and made up for",
                    "tasks behind an entry that may have come in unseen, and are believed")
                    .forEach(name -> System.out.println(name + ": " + monitor.figure(name)));
            monitor.assertNothingToldSince(before);
            System.out.println("a load of " + LOAD.toSeconds() + " s raised nothing");
        }
    }

    /** As whoever reviewed it would. */
    private void ship() throws IOException {
        Path learnt = Path.of("target/lab", System.getProperty("garrison.kernel"), "test/out");
        assertTrue(Files.exists(learnt.resolve("cfi.lock")),
                learnt + "/cfi.lock is missing: ./lab test --suite cfi-monitor on this kernel makes it");
        assertNotEquals(Files.readString(learnt.resolve("cfi.boot")), Files.readString(Path.of("/proc/sys/kernel/random/boot_id")));
        SigningKey reviewer = SigningKey.create("reviewer", Duration.ofDays(2));
        reviewer.writeCertificate(folder.resolve("reviewer.pem"));
        Files.copy(learnt.resolve("cfi.lock"), lock);
        Files.write(folder.resolve("cfi.lock.p7s"), reviewer.sign(Files.readAllBytes(lock)));
    }

    private static void assertHolds(EmbeddedMonitor monitor, Exploit exploit) {
        Exploit.Outcome chain = exploit.run(Exploit.Act.CHAIN);
        assertFalse(monitor.events().stream().anyMatch(e -> e.pid() == chain.pid() && e.finding().equals("unknown_call_site")),
                () -> "the sites of the lock are known: " + monitor.events());
    }

    /** A site more, as somebody would write it who wants his chain to pass: taken where nobody asks for signatures. */
    private void assertAlteredIsRefused(EmbeddedMonitor monitor) throws IOException {
        byte[] signed = Files.readAllBytes(lock);
        String buildId = Files.readString(lock).split(" ", 2)[0];
        String inForce = monitor.figure("lock");
        String known = monitor.figure("known call sites");
        Files.writeString(lock, buildId + " commit_creds 1230\n", StandardOpenOption.APPEND);
        String refused = assertThrows(GarrisonException.class, () -> monitor.reload(keys, trust)).getMessage();
        assertTrue(refused.contains(lock.toString()) && refused.contains("altered"), refused);
        assertEquals(inForce, monitor.figure("lock"), "the policy in force is unchanged");
        assertEquals(known, monitor.figure("known call sites"));
        monitor.reload(keys);
        assertNotEquals(known, monitor.figure("known call sites"), "without an anchor it is taken");
        Files.write(lock, signed);
        monitor.reload(keys, trust);
        assertEquals(inForce, monitor.figure("lock"));
        assertEquals(known, monitor.figure("known call sites"), "a site that the lock has no more is known no more");
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
