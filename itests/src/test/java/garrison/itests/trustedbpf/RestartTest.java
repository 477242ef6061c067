// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Command;
import garrison.itests.GarrisonProcess;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Outcome;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The standalone program behind its own gate: killed, it leaves the gate shut, and nobody but itself comes in again. */
class RestartTest {
    private static final int GRACE_SECONDS = 2;
    private static final Path PINS = Path.of("/sys/fs/bpf/garrison");

    private final AttackProgram stranger = Guest.attacks();
    private final Path folder = Guest.scratch("restart");
    private final Policy policy = new Policy(Mode.ENFORCE).runtime(GarrisonProcess.runtime(folder, "bundles = [ trusted-bpf ] }\n"
            + "  plugins.trusted-bpf { mode = ENFORCE, protect-process = false, grace = " + GRACE_SECONDS + "s"));

    @Test
    void killed_leavesTheGateShut_andOnlyItselfComesInAgain() throws Exception {
        Assumptions.assumeTrue(Guest.isLong(), "several starts of the program take minutes: ./lab test --long");
        assertEquals(0, stranger.run("bpf-map-create").exit(), "the attack as such works");
        try (GarrisonProcess first = GarrisonProcess.start(folder, policy).awaitStarted()) {
            assertEquals("ACTIVE", first.plugin("trusted-bpf").get("state"), first::log);
            first.kill();
        }
        Thread.sleep(2_000L * GRACE_SECONDS);
        assertShut();
        impostorWithAnAgent();
        impostorWithAnAlteredJar();
        assertShut();
        try (GarrisonProcess second = GarrisonProcess.start(folder, policy).awaitStarted()) {
            assertEquals("ACTIVE", second.plugin("trusted-bpf").get("state"), second::log);
            assertShut();
            second.cli("bundle", "update", "trusted-bpf").success();
            assertEquals("ACTIVE", second.plugin("trusted-bpf").get("state"), second::log);
            assertShut();
            assertEquals(0, second.terminate(), second::log);
        }
        assertEquals(0, stranger.run("bpf-map-create").exit(), "it ended in good order");
    }

    private void assertShut() throws IOException {
        Outcome outcome = stranger.run("bpf-map-create");
        assertEquals(Outcome.EPERM, outcome.exit(), outcome::toString);
        try (Stream<Path> pins = Files.walk(PINS)) {
            Path pin = pins.filter(Files::isRegularFile).findFirst().orElseThrow();
            assertEquals(Outcome.EPERM, stranger.run("unlink", pin.toString()).exit(), pin::toString);
        }
        assertNotEquals(0, Command.run("umount", "-l", "/sys/fs/bpf").exit());
        assertEquals(Outcome.EPERM, stranger.run("bpf-map-create").exit());
    }

    /** The very program with the very arguments; only Java is told, in the environment, to do something else first. */
    private void impostorWithAnAgent() {
        fails(GarrisonProcess.start(folder, policy.text(), List.of("env", "JAVA_TOOL_OPTIONS=-Dgarrison.agent=evil")));
    }

    private void impostorWithAnAlteredJar() throws IOException {
        Path jar = Guest.home().resolve("lib/garrison-framework.jar");
        Path kept = jar.resolveSibling("kept");
        Files.move(jar, kept);
        try {
            Files.copy(kept, jar);
            fails(GarrisonProcess.start(folder, policy));
        } finally {
            Files.move(kept, jar, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void fails(GarrisonProcess impostor) {
        try {
            Guest.await("the impostor gives up", () -> !impostor.process().isAlive() || impostor.settledWithout("trusted-bpf"));
            if (!impostor.process().isAlive()) {
                assertNotEquals(0, impostor.process().exitValue(), impostor::log);
            }
            assertTrue(!impostor.log().contains("took over"), impostor::log);
        } finally {
            impostor.kill();
        }
    }
}
