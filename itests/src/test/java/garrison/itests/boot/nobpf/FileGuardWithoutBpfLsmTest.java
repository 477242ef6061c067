// SPDX-License-Identifier: Apache-2.0
package garrison.itests.boot.nobpf;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.Garrison;
import garrison.framework.Status;
import garrison.framework.trust.FileDigest;
import garrison.framework.trust.Loader;
import garrison.itests.AttachedBpf;
import garrison.itests.GarrisonProcess;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Filesystem;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Scene;
import garrison.fileguard.FileGuard;
import garrison.spi.ActualMode;
import garrison.spi.Answer;
import garrison.spi.ConfigurationException;
import garrison.spi.EnforcementChanged;
import garrison.spi.KernelVersion;
import garrison.spi.MechanismChanged;
import garrison.spi.Mode;
import garrison.spi.PluginState;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A kernel booted without {@code bpf} in its list of security modules: LSM programs load, attach and never run. Garrison says
 * so, and file-guard enforces through {@code fmod_ret/security_*}.
 */
class FileGuardWithoutBpfLsmTest {
    private static final KernelVersion TOLD_BY_FUNCTIONS = new KernelVersion(6, 18, 0);

    private final Path folder = Guest.scratch("nobpf");
    private final Scene scene = Scene.make(folder.resolve("scene"));

    @BeforeEach
    void bootIsTheRightOne() throws IOException {
        String active = Files.readString(Path.of("/sys/kernel/security/lsm"));
        assertFalse(List.of(active.strip().split(",")).contains("bpf"), () -> "this boot has bpf: " + active);
    }

    private Policy policy(Mode mode) {
        return new Policy(mode).rule("secrets", Attack.Rule.TREE, scene.guarded(), Operation.WRITE, Operation.DELETE,
                Operation.RENAME);
    }

    private void assertAttacksSucceed() throws IOException {
        Files.writeString(scene.file(), "overwritten\n");
        Files.move(scene.file(), scene.guarded().resolve("moved"));
        Files.move(scene.guarded().resolve("moved"), scene.file());
        Files.delete(scene.other());
        Files.writeString(scene.other(), "again\n");
    }

    private void assertAttacksFail() {
        assertAll(() -> assertThrows(FileSystemException.class, () -> Files.writeString(scene.file(), "overwritten\n")),
                () -> assertThrows(FileSystemException.class, () -> Files.move(scene.file(), scene.guarded().resolve("moved"))),
                () -> assertThrows(FileSystemException.class, () -> Files.move(scene.evil(), scene.file(),
                        StandardCopyOption.ATOMIC_MOVE)),
                () -> assertThrows(FileSystemException.class, () -> Files.delete(scene.other())));
    }

    @Test
    void fileGuard_embedded_enforcesThroughTheFallBack_andSaysSo() throws IOException {
        List<MechanismChanged> told = new CopyOnWriteArrayList<>();
        try (Garrison garrison = Garrison.builder().config(policy(Mode.ENFORCE).config()).plugin(new FileGuard())
                .on(MechanismChanged.class, told::add).start()) {
            Status.PluginStatus status = garrison.status().plugins().getFirst();
            assertAll(status.toString(), () -> assertEquals(PluginState.ACTIVE, status.state()),
                    () -> assertEquals(ActualMode.ENFORCE, status.actual()),
                    () -> assertEquals("", status.shortfall(), "every hook has a place"),
                    () -> assertFalse(status.attached().isEmpty()),
                    () -> assertTrue(status.attached().stream().allMatch(a -> a.kind().equals("lsm")
                            && a.strategy().startsWith("fmod_ret/security_")), "what was wanted, and what is"),
                    () -> assertFalse(garrison.kernel().bpfLsm() instanceof Answer.Yes));
            assertAttacksFail();
            assertEquals("no", runs(garrison, "lsm"));
            assertEquals("yes", runs(garrison, "trampoline"));
            Guest.await("it is told", () -> !told.isEmpty());
            MechanismChanged first = told.getFirst();
            assertAll(first.toString(), () -> assertEquals("lsm", first.mechanism()), () -> assertFalse(first.runs()),
                    () -> assertTrue(first.reason().contains("lsm="), "the remedy: a word of the boot line"));
            garrison.mode("file-guard", Mode.AUDIT);
            assertAttacksSucceed();
        }
        assertAttacksSucceed();
    }

    private static String runs(Garrison garrison, String mechanism) {
        return garrison.status().mechanisms().stream().filter(m -> m.mechanism().equals(mechanism)).findFirst().orElseThrow()
                .runs();
    }

    /** The fall-back hangs on trampolines as the LSM does, and its loss is told all the same. */
    @Test
    void fallBack_ftraceSwitchedOff_isTold() throws IOException {
        Path ftrace = Path.of("/proc/sys/kernel/ftrace_enabled");
        List<EnforcementChanged> told = new CopyOnWriteArrayList<>();
        try (Garrison garrison = Garrison.builder().config(policy(Mode.ENFORCE).config()).plugin(new FileGuard())
                .on(EnforcementChanged.class, told::add).start()) {
            assertEquals(ActualMode.ENFORCE, garrison.status().plugins().getFirst().actual());
            Files.writeString(ftrace, "0");
            Guest.await("it is told", () -> !told.isEmpty());
            assertEquals(ActualMode.NONE, told.getFirst().actual(), told.toString());
            assertAttacksSucceed();
        } finally {
            Files.writeString(ftrace, "1");
        }
    }

    /** From 6.18 on only functions for LSM programs tell digests: then the policy is refused, and the one before stays. */
    @Test
    void programByDigest_isLetThrough_orThePolicyIsRefused() throws IOException {
        try (Filesystem ext4 = Filesystem.mount(Filesystem.Kind.EXT4, folder.resolve("ext4"));
                Garrison garrison = Garrison.builder().config(policy(Mode.ENFORCE).config()).plugin(new FileGuard()).start()) {
            AttackProgram program = new AttackProgram(Files.copy(Guest.attacks().file(), ext4.folder().resolve("program")));
            new Loader(program.file()).seal();
            String digest = HexFormat.of().formatHex(FileDigest.of(FileDigest.Kind.VERITY, program.file()).digest());
            Policy byDigest = new Policy(Mode.ENFORCE).rule("secrets", Attack.Rule.TREE, List.of(scene.guarded()), List.of(Operation.WRITE),
                    Policy.allowing("fs-verity = \"sha256:" + digest + "\""));
            assertTrue(program.run("open-write", scene.file().toString()).denied());
            if (Guest.kernel().compareTo(TOLD_BY_FUNCTIONS) < 0) {
                garrison.reload(byDigest.config());
                assertEquals(0, program.run("open-write", scene.file().toString()).exit());
            } else {
                var refused = assertThrows(ConfigurationException.class, () -> garrison.reload(byDigest.config()));
                assertTrue(refused.getMessage().contains("fs-verity") && refused.getMessage().contains("lsm="), refused::toString);
                assertTrue(program.run("open-write", scene.file().toString()).denied());
            }
            assertTrue(Guest.attacks().run("open-write", scene.file().toString()).denied());
        }
    }

    @Test
    void run_withOnlyFileGuard_showsWhatWasWantedAndWhatIs() {
        try (GarrisonProcess garrison = GarrisonProcess.start(folder, policy(Mode.ENFORCE)
                .runtime(GarrisonProcess.runtime(folder, "bundles = [ file-guard ]"))).awaitStarted()) {
            String status = garrison.cli("status").success();
            String plugins = garrison.cli("plugins").success();
            assertAll(() -> assertTrue(status.contains("whether lsm programs run: no"), status),
                    () -> assertTrue(plugins.contains("fmod_ret/security_file_open"), plugins));
            assertAttacksFail();
        }
        assertEquals(List.of(), AttachedBpf.links());
    }
}
