// SPDX-License-Identifier: Apache-2.0
package garrison.itests.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.kernel.RunningKernel;
import garrison.itests.Command;
import garrison.itests.GarrisonProcess;
import garrison.itests.Guest;
import garrison.itests.Json;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Scene;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A Garrison all of whose objects are signed, its own with the plugins'. */
class SignedGarrisonTest {
    private final Path folder = Guest.scratch("signed-garrison");
    private final Scene scene = Scene.make(folder.resolve("scene"));
    private final Path home = folder.resolve("home");
    private final Path own = home.resolve("lib/garrison-framework.jar");

    @BeforeEach
    void sign() throws IOException {
        Command.run("cp", "-r", Guest.home().toString(), home.toString()).success();
        Path keys = Files.createDirectory(folder.resolve("keys"));
        String told = GarrisonProcess.once("sign", "--new-key", keys.resolve("release").toString(), own.toString(),
                home.resolve("bundles/file-guard.jar").toString()).success();
        assertTrue(told.contains("core.bpf.o"), told);
    }

    private GarrisonProcess start() {
        Policy policy = new Policy(Mode.ENFORCE).rule("secrets", Attack.Rule.TREE, scene.guarded(), Operation.WRITE)
                .runtime(GarrisonProcess.runtime(folder, "bundles = [ file-guard ] }\n pin = true, instance = signed\n trust.anchors = [ \""
                        + folder.resolve("keys/*.pem") + "\" ]\n runtime {"));
        return GarrisonProcess.start(folder, policy.text(), List.of(), home);
    }

    @Test
    void itsOwnObjects_areCheckedAsPluginsAre_byTheKernelWhereThatChecks() {
        boolean kernels = Guest.kernel().compareTo(RunningKernel.SIGNATURES_SINCE) >= 0;
        String words = kernels ? "checked by Garrison and by the kernel"
                : "checked by Garrison, not by the kernel: it checks no programs' signatures before 6.18";
        try (GarrisonProcess garrison = start().awaitStarted()) {
            assertEquals("ACTIVE", garrison.plugin("file-guard").get("state"), garrison::log);
            assertEquals(words, garrison.plugin("file-guard").get("checked_by"));
            assertEquals(Map.of("core.bpf.o", words, "pins.bpf.o", words, "truth.bpf.o", words),
                    Json.object((Map<?, ?>) garrison.status().get("trust")).get("own"), garrison::log);
            assertTrue(Guest.attacks().run("open-write", scene.file().toString()).denied());
            garrison.terminate();
        }
    }

    @Test
    void itsOwnObject_whoseSignatureIsNotGood_isNotLoaded() throws IOException {
        try (FileSystem jar = FileSystems.newFileSystem(own)) {
            byte[] other = Files.readAllBytes(jar.getPath("bpf/truth.bpf.o.p7s"));
            Files.write(jar.getPath("bpf/core.bpf.o.p7s"), other);
        }
        try (GarrisonProcess garrison = start()) {
            Guest.await("it ends, for want of a plugin", () -> !garrison.process().isAlive());
            assertEquals(1, garrison.process().exitValue());
            assertTrue(garrison.log().contains("garrison: object core.bpf.o is not trusted: its signature names CN=release"), garrison::log);
        }
    }
}
