// SPDX-License-Identifier: Apache-2.0
package garrison.itests.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Guest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Call sites that are learnt, kept in a lock and known to the next run; executables that nothing is told of. */
@Timeout(400)
class LearningTest {
    @Test
    void siteThatWasLearnt_isKnownToTheNextRun_byTheLock() throws IOException {
        Path lock = Guest.scratch("lock").resolve("cfi.lock");
        try (EmbeddedMonitor monitor = new EmbeddedMonitor("mode = ENFORCE, learning = true, lock = \"" + lock + "\"");
                Exploit exploit = new Exploit()) {
            Exploit.Outcome outcome = exploit.run(Exploit.Act.CHAIN);
            monitor.await("the site of commit_creds", e -> e.pid() == outcome.pid() && e.finding().equals("learnt")
                    && e.sensor().equals("commit_creds"));
            assertTrue(outcome.opened(), () -> "a site is let through while it is learnt: " + outcome + "; " + monitor.events());
            Guest.await("both sites in the lock", () -> lines(lock).size() >= 2);
        }
        List<String> learnt = lines(lock);
        assertTrue(learnt.stream().allMatch(line -> line.matches("[0-9a-f]{20,} [a-z_]+ [0-9a-f]+ # .*\\+0x.*")), learnt.toString());
        try (EmbeddedMonitor monitor = new EmbeddedMonitor("mode = ENFORCE, lock = \"" + lock + "\"");
                Exploit exploit = new Exploit()) {
            Exploit.Outcome outcome = exploit.run(Exploit.Act.CHAIN);
            // The stack of a chain may give it away all the same.
            assertFalse(monitor.first(e -> e.pid() == outcome.pid() && e.finding().equals("unknown_call_site")).isPresent(),
                    () -> "the sites are known: " + outcome + "; " + monitor.events());
            assertEquals(learnt, lines(lock), "nothing is learnt any more");
            exempt(exploit, monitor);
        }
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
