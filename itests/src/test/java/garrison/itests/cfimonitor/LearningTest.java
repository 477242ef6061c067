// SPDX-License-Identifier: Apache-2.0
package garrison.itests.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Command;
import garrison.itests.Guest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Call sites that are learnt, kept in a lock and known to the next run; executables that nothing is told of; no kprobes. */
@Timeout(400)
@ExtendWith(Stage.Ended.class)
class LearningTest {
    /** What the lab keeps of a guest, so that another boot of the same kernel can read it; see StressTest. */
    private static final Optional<Path> SHARE = Optional.ofNullable(System.getenv("LAB_SHARE")).map(Path::of);

    @Test
    void siteThatWasLearnt_isKnownToTheNextRun_byTheLock() throws IOException {
        Path lock = Guest.scratch("lock").resolve("cfi.lock");
        try (EmbeddedMonitor monitor = new EmbeddedMonitor("mode = ENFORCE, learning = true, lock = \"" + lock + "\"");
                Exploit exploit = new Exploit()) {
            Command.run("sh", "-c", "i=0; while [ $i -lt 20 ]; do setpriv --reuid=65534 --clear-groups /bin/true; i=$((i+1)); done").success();
            Exploit.Outcome outcome = exploit.run(Exploit.Act.CHAIN);
            monitor.await("the site of commit_creds", e -> e.pid() == outcome.pid() && e.finding().equals("learnt")
                    && e.sensor().equals("commit_creds"));
            assertTrue(outcome.opened(), () -> "a site is let through while it is learnt: " + outcome + "; " + monitor.events());
            Guest.await("both sites in the lock", () -> lines(lock).size() >= 2);
        }
        List<String> learnt = lines(lock);
        assertTrue(learnt.stream().allMatch(line -> line.matches("[0-9a-f]{20,} [a-z_]+ [0-9a-f]+ # .*\\+0x.*")), learnt.toString());
        if (SHARE.isPresent()) {
            Files.write(SHARE.get().resolve("cfi.lock"), learnt);
            Files.writeString(SHARE.get().resolve("cfi.boot"), Files.readString(Path.of("/proc/sys/kernel/random/boot_id")));
        }
        hideKprobes();
        try (EmbeddedMonitor monitor = new EmbeddedMonitor("mode = ENFORCE, lock = \"" + lock + "\"");
                Exploit exploit = new Exploit()) {
            Exploit.Outcome outcome = exploit.run(Exploit.Act.CHAIN);
            // The stack of a chain may give it away all the same.
            assertFalse(monitor.first(e -> e.pid() == outcome.pid() && e.finding().equals("unknown_call_site")).isPresent(),
                    () -> "the sites are known: " + outcome + "; " + monitor.events());
            assertEquals(learnt, lines(lock), "nothing is learnt any more");
            withoutKprobes(exploit, monitor);
            exempt(exploit, monitor);
        } finally {
            HIDDEN.forEach(path -> Command.run("umount", path));
        }
    }

    /** Where a kernel shows that it has kprobes. */
    private static final List<String> HIDDEN = List.of("/sys/bus/event_source/devices", "/sys/kernel/tracing", "/sys/kernel/debug");

    private static void hideKprobes() {
        HIDDEN.forEach(path -> Command.run("mount", "-t", "tmpfs", "none", path).success());
    }

    /** All but one kind of sensor works, and that is said. */
    private static void withoutKprobes(Exploit exploit, EmbeddedMonitor monitor) {
        String loss = "entries that may be jumped over unseen";
        Guest.await("what is lost is said", () -> monitor.figure(loss) != null);
        assertTrue(monitor.figure(loss).contains("commit_creds"), monitor.figure(loss));
        assertTrue(monitor.figure(loss).contains("kprobe"), monitor.figure(loss));
        assertEquals("none", monitor.figure("sensors behind entries"));
        Exploit.Outcome outcome = exploit.run(Exploit.Act.SKIP);
        assertTrue(outcome.gotNowhere(), "its credentials are none that were committed");
        monitor.await("the credentials are told of " + outcome, e -> e.pid() == outcome.pid() && e.finding().equals("credentials_replaced"));
        Exploit.Outcome untold = exploit.run(Exploit.Service.MEMORY_UNSEEN);
        assertTrue(untold.opened() && monitor.first(e -> e.pid() == untold.pid()).isEmpty(),
                () -> "what the entry's sensor is left out of is hidden: " + untold + "; " + monitor.events());
    }

    /** The exploit that is blocked as long as its executable is not exempt. */
    private static void exempt(Exploit exploit, EmbeddedMonitor monitor) throws IOException {
        assertTrue(exploit.run(Exploit.Act.COMMIT).gotNowhere());
        monitor.reload("mode = ENFORCE, exempt = [ \"" + Path.of("/bin/sh").toRealPath() + "\" ]");
        Exploit.Outcome outcome = exploit.run(Exploit.Act.COMMIT);
        assertTrue(outcome.opened() && outcome.ran(), outcome.toString());
        assertFalse(monitor.first(e -> e.pid() == outcome.pid()).isPresent(), () -> monitor.events().toString());
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
