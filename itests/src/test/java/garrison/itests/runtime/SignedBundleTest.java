// SPDX-License-Identifier: Apache-2.0
package garrison.itests.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.fileguard.FileGuard;
import garrison.framework.Garrison;
import garrison.itests.GarrisonProcess;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.TestBundle;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Scene;
import garrison.spi.Mode;
import garrison.spi.Plugin;
import garrison.spi.PluginState;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Somebody gets at the bundle's jar and makes the object's denials into permissions. */
class SignedBundleTest {
    private final Path folder = Guest.scratch("signed");
    private final AttackProgram attacks = Guest.attacks();
    private final Scene scene = Scene.make(folder.resolve("scene"));
    private Path jar;

    @BeforeEach
    void sign() throws IOException {
        Path bundles = Files.createDirectory(folder.resolve("bundles"));
        Path keys = Files.createDirectory(folder.resolve("keys"));
        jar = Files.copy(Guest.home().resolve("bundles/file-guard.jar"), bundles.resolve("file-guard.jar"));
        Path neighbour = TestBundle.write(bundles.resolve("neighbour.jar"), "neighbour", TestBundle.object("observer"));
        GarrisonProcess.once("sign", "--new-key", keys.resolve("release").toString(), jar.toString(), neighbour.toString()).success();
    }

    /** Every "-EPERM" that the compiler put into a register becomes 0; the signature is left where it is. */
    private void defang() throws IOException {
        Path altered = folder.resolve("altered.jar");
        int changes = 0;
        try (ZipFile in = new ZipFile(jar.toFile()); ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(altered))) {
            for (ZipEntry entry : in.stream().toList()) {
                byte[] bytes = in.getInputStream(entry).readAllBytes();
                changes += entry.getName().endsWith(".bpf.o") ? defang(bytes) : 0;
                out.putNextEntry(new ZipEntry(entry.getName()));
                out.write(bytes);
            }
        }
        assertTrue(changes > 0, "found nothing to alter");
        Files.move(altered, jar, StandardCopyOption.REPLACE_EXISTING);
    }

    /** BPF_MOV of an immediate, 64 or 32 bits wide: code, register, two bytes of offset, four of the number. */
    private static int defang(byte[] object) {
        int changes = 0;
        for (int at = 0; at + 8 <= object.length; at += 8) {
            boolean move = (object[at] == (byte) 0xb7 || object[at] == (byte) 0xb4) && object[at + 1] >= 0 && object[at + 1] < 10
                    && object[at + 2] == 0 && object[at + 3] == 0;
            if (move && object[at + 4] == -1 && object[at + 5] == -1 && object[at + 6] == -1 && object[at + 7] == -1) {
                java.util.Arrays.fill(object, at + 4, at + 8, (byte) 0);
                changes++;
            }
        }
        return changes;
    }

    private Policy policy() {
        return new Policy(Mode.ENFORCE).rule("secrets", Attack.Rule.TREE, scene.guarded(), Operation.WRITE);
    }

    /** The plugin of the jar as it now is, by a class loader that has its own classes from there. */
    private Plugin pluginOfTheJar() throws ReflectiveOperationException, IOException {
        ClassLoader others = new ClassLoader(Plugin.class.getClassLoader()) {
            @Override
            protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                if (name.startsWith(FileGuard.class.getPackageName() + ".")) {
                    throw new ClassNotFoundException(name);
                }
                return super.loadClass(name, resolve);
            }

            @Override
            public URL getResource(String name) {
                return name.endsWith(".bpf.o") ? null : super.getResource(name);
            }
        };
        return (Plugin) new URLClassLoader(new URL[] {jar.toUri().toURL()}, others).loadClass(FileGuard.class.getName())
                .getConstructor().newInstance();
    }

    private boolean writeIsDeniedBy(Plugin plugin) {
        try (Garrison garrison = Garrison.builder().config(policy().config()).plugin(plugin).start()) {
            assertEquals(PluginState.ACTIVE, garrison.status().plugins().getFirst().state(), () -> garrison.status().toString());
            return writeIsDenied();
        }
    }

    private boolean writeIsDenied() {
        return attacks.run("open-write", scene.file().toString()).denied();
    }

    @Test
    void defangedObject_decidesWhereNothingIsSigned_andIsRefusedWhereItMustBe() throws Exception {
        assertTrue(writeIsDeniedBy(new FileGuard()));
        defang();
        assertFalse(writeIsDeniedBy(pluginOfTheJar()), "the attack: the plugin runs and guards nothing");
        Policy signed = policy().runtime(GarrisonProcess.runtime(folder, "bundle-directory = \"" + folder.resolve("bundles")
                + "\", bundles = [ file-guard, neighbour ] }\n trust.anchors = [ \"" + folder.resolve("keys/*.pem") + "\" ]\n runtime {"));
        try (GarrisonProcess garrison = GarrisonProcess.start(folder, signed).awaitStarted()) {
            assertEquals("FAILED", garrison.plugin("file-guard").get("state"), garrison::log);
            String reason = String.valueOf(garrison.plugin("file-guard").get("reason"));
            assertTrue(reason.startsWith("plugin file-guard: object file_guard.bpf.o is not trusted: its signature names CN=release"), reason);
            assertTrue(reason.contains("wanted is a signature"), reason);
            assertEquals("ACTIVE", garrison.plugin("neighbour").get("state"), garrison::log);
            garrison.terminate();
        }
    }
}
