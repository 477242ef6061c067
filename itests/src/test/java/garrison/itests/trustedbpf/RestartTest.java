// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.GarrisonProcess;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.AttackProgram;
import garrison.spi.Mode;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The standalone program behind its own gate: killed, it leaves the gate shut for a while, and then comes in again itself. */
class RestartTest {
    private final AttackProgram stranger = Guest.attacks();

    @Test
    void killedAndStartedAgain_shutsTheGateAgain() {
        Assumptions.assumeTrue(Guest.isLong(), "two starts of the program take minutes: ./lab test --long");
        Path folder = Guest.scratch("restart");
        Policy policy = new Policy(Mode.ENFORCE).runtime(GarrisonProcess.runtime(folder, "bundles = [ trusted-bpf ] }\n"
                + "  plugins.trusted-bpf { mode = ENFORCE, grace = 20s"));
        assertEquals(0, stranger.run("bpf-map-create").exit());
        try (GarrisonProcess first = GarrisonProcess.start(folder, policy).awaitStarted()) {
            assertEquals("ACTIVE", first.plugin("trusted-bpf").get("state"), first::log);
            assertTrue(stranger.run("bpf-map-create").denied());
            first.kill();
            assertTrue(stranger.run("bpf-map-create").denied(), "its programs are pinned");
        }
        Guest.await("the gate opens, so that its owner can come back", () -> stranger.run("bpf-map-create").exit() == 0);
        try (GarrisonProcess second = GarrisonProcess.start(folder, policy).awaitStarted()) {
            assertEquals("ACTIVE", second.plugin("trusted-bpf").get("state"), second::log);
            assertTrue(stranger.run("bpf-map-create").denied());
            assertEquals(0, second.terminate(), second::log);
        }
        assertEquals(0, stranger.run("bpf-map-create").exit());
    }
}
