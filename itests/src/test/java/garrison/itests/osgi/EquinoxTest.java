// SPDX-License-Identifier: Apache-2.0
package garrison.itests.osgi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Scene;
import garrison.spi.Mode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** file-guard's bundle in Equinox: the host program is that of the runtime's own tests, whose jars are the bundles. */
class EquinoxTest {
    private static final Path RUNTIME = Guest.home().getParent();

    private final Path folder = Guest.scratch("equinox");
    private final Scene scene = Scene.make(folder.resolve("scene"));
    private final Path log = folder.resolve("log");
    private Process equinox;
    private PrintWriter commands;
    private BufferedReader answers;

    @BeforeEach
    void start() throws IOException {
        Path lib = Guest.home().resolve("lib");
        Path config = Files.writeString(folder.resolve("garrison.conf"), new Policy(Mode.ENFORCE)
                .rule("secrets", Attack.Rule.TREE, scene.guarded(), Operation.WRITE).text());
        String path = String.join(File.pathSeparator, List.of(RUNTIME.resolve("test-classes"), RUNTIME.resolve("equinox/org.eclipse.osgi.jar"),
                lib.resolve("slf4j-api.jar"), lib.resolve("slf4j-simple.jar")).stream().map(Path::toString).toList());
        List<String> command = new ArrayList<>(List.of("java"));
        command.addAll(Guest.javaFlags());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", path, "garrison.runtime.EquinoxHost",
                folder.resolve("storage").toString(), config.toString()));
        equinox = new ProcessBuilder(command).redirectError(log.toFile()).start();
        commands = new PrintWriter(equinox.outputWriter(StandardCharsets.UTF_8), true);
        answers = equinox.inputReader(StandardCharsets.UTF_8);
        assertEquals("org.eclipse.osgi.launch.Equinox", answer());
        for (String bundle : List.of("lib/config.jar", "lib/garrison-spi.jar", "lib/garrison-framework.jar", "bundles/file-guard.jar")) {
            tell("install " + Guest.home().resolve(bundle));
        }
    }

    @AfterEach
    void close() {
        equinox.destroyForcibly();
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null || line.startsWith("failed: ")) {
            throw new AssertionError(line + "\n" + Files.readString(log));
        }
        return line;
    }

    private String tell(String command) throws IOException {
        commands.println(command);
        return answer();
    }

    private String status() {
        try {
            return tell("status");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean writeIsDenied() {
        return Guest.attacks().run("open-write", scene.file().toString()).denied();
    }

    @Test
    void fileGuard_throughItsWholeLifeInEquinox_guardsWhileItIsActive() throws IOException {
        assertFalse(writeIsDenied());
        assertEquals("ACTIVE", tell("start garrison-framework"));
        assertEquals("ACTIVE", tell("start garrison-file-guard"));
        assertTrue(status().contains("name=file-guard, state=ACTIVE"), this::status);
        assertTrue(writeIsDenied(), "started: denied");
        assertEquals("ACTIVE", tell("update garrison-file-guard " + Guest.home().resolve("bundles/file-guard.jar")));
        assertTrue(writeIsDenied(), "updated: denied");
        assertEquals("RESOLVED", tell("stop garrison-file-guard"));
        assertTrue(writeIsDenied(), "just stopped: the next version may be on its way");
        Guest.await("stopped: let through", () -> !writeIsDenied());
        assertEquals("UNINSTALLED", tell("uninstall garrison-file-guard"));
        Guest.await("its programs are freed", () -> !status().contains("name=file-guard"));
        commands.close();
        assertEquals("stopped", answer());
    }
}
