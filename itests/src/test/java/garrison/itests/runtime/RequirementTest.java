// SPDX-License-Identifier: Apache-2.0
package garrison.itests.runtime;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.Garrison;
import garrison.framework.KernelFeature;
import garrison.framework.osgi.KernelFit;
import garrison.itests.AttachedBpf;
import garrison.itests.Command;
import garrison.itests.GarrisonProcess;
import garrison.itests.Guest;
import garrison.itests.Json;
import garrison.itests.Policy;
import garrison.itests.TestBundle;
import garrison.spi.Answer;
import garrison.spi.KernelVersion;
import garrison.spi.Mode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** One and the same bundle, whose object needs a kfunc of kernel 6.8: it runs just where that is, and says so where it is not. */
class RequirementTest {
    private static final KernelVersion SINCE = new KernelVersion(6, 8, 0);

    private final Path folder = Guest.scratch("requirement");
    private final Path jar = TestBundle.writeWithRequirements(folder.resolve("verity.jar"), "verity", TestBundle.object("verity"));
    private final boolean here = Guest.kernel().compareTo(SINCE) >= 0;

    @Test
    void why_ofAJar_namesTheKfuncAndTheKernel_withoutAnInstance() {
        Command why = GarrisonProcess.once("why", jar.toString());
        if (here) {
            assertEquals(0, why.exit(), why::toString);
            assertTrue(why.out().contains("has all it needs on kernel"), why::toString);
        } else {
            assertAll(why.toString(), () -> assertEquals(1, why.exit()),
                    () -> assertTrue(why.out().contains("kfunc bpf_get_fsverity_digest")),
                    () -> assertTrue(why.out().contains("measure_open")),
                    () -> assertTrue(why.out().contains("from kernel 6.8 on")));
        }
        assertFalse(why.showsStackTrace(), why::err);
    }

    @Test
    void bundle_resolvesJustWhereTheKfuncIs() {
        Policy policy = new Policy(Mode.AUDIT).runtime(GarrisonProcess.runtime(folder,
                "bundles = [\"" + jar + "\"], on-plugin-failure = continue"));
        try (GarrisonProcess garrison = GarrisonProcess.start(folder, policy)) {
            Guest.await("garrison runs", () -> garrison.status().getOrDefault("phase", "").equals("RUNNING"));
            Map<String, Object> bundle = Json.objects(garrison.status().get("bundles")).getFirst();
            Command why = garrison.cli("why", "verity");
            if (here) {
                assertEquals("ACTIVE", bundle.get("state"), garrison::log);
                assertEquals("ACTIVE", garrison.plugin("verity").get("state"), garrison::log);
                assertTrue(why.out().contains("plugin verity is ACTIVE"), why::toString);
            } else {
                assertAll(() -> assertEquals("INSTALLED", bundle.get("state")),
                        () -> assertTrue(bundle.get("reason").toString().contains("bpf_get_fsverity_digest"), bundle::toString),
                        () -> assertEquals(List.of(), garrison.status().get("plugins")),
                        () -> assertTrue(why.out().contains("bundle verity is INSTALLED"), why::toString),
                        () -> assertTrue(why.out().contains("from kernel 6.8 on"), why::toString));
            }
            assertEquals(0, garrison.terminate(), garrison::log);
        }
        assertEquals(List.of(), AttachedBpf.links());
    }

    /** A kernel that lets itself be asked leaves nothing open. */
    @Test
    void kernel_hasAllThatFileGuardNeeds_andSaysWhichHooksSleep() {
        try (Garrison garrison = Garrison.builder().start()) {
            KernelFit fit = KernelFit.of(Guest.home().resolve("bundles/file-guard.jar"), garrison::feature);
            Map<String, Object> sleepable = garrison.features().stream()
                    .filter(f -> f.namespace().equals("garrison.kernel.hook") && f.answer() instanceof Answer.Yes)
                    .collect(Collectors.toMap(KernelFeature::name, f -> f.attributes().get("sleepable")));
            System.out.println("kernel " + garrison.kernel().release() + ": " + sleepable.size() + " hooks, "
                    + Collections.frequency(sleepable.values(), "yes") + " sleep");
            assertAll(() -> assertFalse(fit.met().isEmpty()), () -> assertEquals(List.of(), fit.unmet()),
                    () -> assertEquals(List.of(), fit.open()),
                    () -> assertEquals("yes", sleepable.get("bprm_check_security")),
                    () -> assertEquals("yes", sleepable.get("inode_unlink")),
                    () -> assertEquals("no", sleepable.get("task_kill")),
                    () -> assertEquals("no", sleepable.get("file_mprotect")));
        }
    }
}
