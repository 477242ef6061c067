// SPDX-License-Identifier: Apache-2.0
package garrison.itests.boot.nobpf;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.Garrison;
import garrison.framework.Status;
import garrison.itests.AttachedBpf;
import garrison.itests.Command;
import garrison.itests.GarrisonProcess;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Scene;
import garrison.fileguard.FileGuard;
import garrison.spi.Answer;
import garrison.spi.Mode;
import garrison.spi.PluginState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A kernel booted without {@code bpf} in its list of security modules: programs would load, attach and never run. Garrison
 * says so instead of seeming to guard.
 */
class FileGuardWithoutBpfLsmTest {
    private final Path folder = Guest.scratch("nobpf");
    private final Scene scene = Scene.make(folder.resolve("scene"));

    @BeforeEach
    void bootIsTheRightOne() throws IOException {
        String active = Files.readString(Path.of("/sys/kernel/security/lsm"));
        assertFalse(List.of(active.strip().split(",")).contains("bpf"), () -> "this boot has bpf: " + active);
    }

    private Policy policy() {
        return new Policy(Mode.ENFORCE).rule("secrets", Attack.Rule.TREE, scene.guarded(), Operation.WRITE);
    }

    @Test
    void fileGuard_embedded_isFailedWithReasonAndRemedy() {
        try (Garrison garrison = Garrison.builder().config(policy().config()).plugin(new FileGuard()).start()) {
            Status.PluginStatus status = garrison.status().plugins().getFirst();
            assertAll(status.toString(), () -> assertEquals(PluginState.FAILED, status.state()),
                    () -> assertTrue(status.reason().contains("bpf"), "the reason"),
                    () -> assertTrue(status.reason().contains("lsm="), "the remedy: a word of the boot line"),
                    () -> assertFalse(garrison.kernel().bpfLsm() instanceof Answer.Yes),
                    () -> assertEquals(List.of(), AttachedBpf.links()));
        }
    }

    @Test
    void run_withOnlyFileGuard_endsWithReasonAndRemedy() {
        GarrisonProcess.configure(folder, policy().runtime(GarrisonProcess.runtime(folder, "bundles = [ file-guard ]")));
        Command refused = GarrisonProcess.once("run", "--config", folder.resolve("garrison.conf").toString());
        assertAll(() -> assertEquals(1, refused.exit(), refused::toString),
                () -> assertTrue(refused.err().contains("file-guard") && refused.err().contains("lsm="), refused::err),
                () -> assertFalse(refused.showsStackTrace(), refused::err),
                () -> assertEquals(List.of(), AttachedBpf.links()));
    }
}
