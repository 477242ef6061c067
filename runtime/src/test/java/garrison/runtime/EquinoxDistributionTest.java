// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The distribution's jars as bundles in another container, Equinox, in a JVM that has no class of Garrison on its path. */
@Timeout(240)
class EquinoxDistributionTest {
    private static final Path LIB = Path.of(System.getProperty("garrison.distribution"), "lib");
    private static final List<String> BUNDLES = List.of("config", "garrison-spi", "bcprov-jdk18on", "bcutil-jdk18on", "bcpkix-jdk18on",
            "garrison-framework");

    @TempDir
    Path folder;

    private InstalledProgram garrison;
    private Path jar;
    private Process equinox;
    private PrintWriter commands;
    private BufferedReader answers;

    @BeforeAll
    static void root() throws IOException {
        InstalledProgram.assumeRoot();
    }

    @BeforeEach
    void start() throws Exception {
        garrison = new InstalledProgram(folder);
        jar = folder.resolve("bundles/word.jar");
        assertEquals(0, garrison.run("sign", "--new-key", folder.resolve("release").toString(), jar.toString()).exit());
        Path config = Files.writeString(folder.resolve("equinox.conf"), "garrison { linger = 0s, trust.anchors = \"" + folder.resolve("release.pem")
                + "\", plugins.word.word = first }");
        // The host's class alone: nothing else of this module's tests.
        String host = EquinoxHost.class.getName().replace('.', '/');
        Path classes = Files.createDirectories(folder.resolve("host").resolve(host).getParent());
        for (String part : List.of("", "$Step")) {
            String name = EquinoxHost.class.getSimpleName() + part + ".class";
            Files.write(classes.resolve(name), EquinoxHost.class.getResourceAsStream(name).readAllBytes());
        }
        String path = String.join(File.pathSeparator, folder.resolve("host").toString(),
                System.getProperty("garrison.equinox"), LIB.resolve("slf4j-api.jar").toString(), LIB.resolve("slf4j-simple.jar").toString());
        equinox = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin/java").toString(), "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED", "-cp", path, EquinoxHost.class.getName(),
                folder.resolve("equinox").toString(), config.toString())
                .redirectError(folder.resolve("equinox.log").toFile()).start();
        commands = new PrintWriter(equinox.outputWriter(StandardCharsets.UTF_8), true);
        answers = equinox.inputReader(StandardCharsets.UTF_8);
        assertEquals("org.eclipse.osgi.launch.Equinox", answer());
        for (String bundle : BUNDLES) {
            tell("install " + LIB.resolve(bundle + ".jar"));
        }
    }

    @AfterEach
    void close() {
        equinox.destroyForcibly();
        garrison.close();
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null || line.startsWith("failed: ")) {
            throw new AssertionError(line + "\n" + Files.readString(folder.resolve("equinox.log")));
        }
        return line;
    }

    private String tell(String command) throws IOException {
        commands.println(command);
        return answer();
    }

    private void assertPlugin(String words) throws IOException {
        String status = tell("status");
        assertTrue(status.contains(words), () -> status);
    }

    private Path altered() throws IOException {
        return InstalledProgram.alterObject(jar, folder.resolve("altered.jar"));
    }

    @Test
    void bundles_throughTheirWholeLife_doInEquinoxWhatTheyDoInFelix() throws Exception {
        assertEquals("ACTIVE", tell("start garrison-framework"));
        assertPlugin("plugins=[]");
        assertEquals("test.word", tell("install " + jar));
        assertEquals("ACTIVE", tell("start test.word"));
        assertPlugin("name=word, state=ACTIVE");
        assertPlugin("figures={word=first}");
        assertPlugin("anchors=[CN=release");

        assertEquals("ACTIVE", tell("update test.word " + altered()));
        assertPlugin("name=word, state=FAILED, reason=plugin word: object test_ring.bpf.o is not trusted: its signature names CN=release");
        assertEquals("ACTIVE", tell("update test.word " + jar));
        assertPlugin("name=word, state=ACTIVE");

        assertEquals("RESOLVED", tell("stop test.word"));
        assertPlugin("plugins=[]");
        assertEquals("ACTIVE", tell("start test.word"));
        assertPlugin("name=word, state=ACTIVE");
        assertEquals("UNINSTALLED", tell("uninstall test.word"));
        assertPlugin("plugins=[]");

        assertEquals("RESOLVED", tell("stop garrison-framework"));
        assertEquals("no Garrison", tell("status"));
        assertEquals("ACTIVE", tell("start garrison-framework"));
        assertPlugin("plugins=[]");
        commands.close();
        assertEquals("stopped", answer());
        assertEquals(0, InstalledProgram.end(equinox), Files.readString(folder.resolve("equinox.log")));
    }
}
