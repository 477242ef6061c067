// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.runtime.InstalledProgram.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The assembled program with signed bundles, from the key to the refusal. */
@Timeout(240)
class SignedBundleDistributionTest {
    @TempDir
    Path folder;

    private InstalledProgram garrison;
    private Path jar;

    @BeforeAll
    static void root() throws IOException {
        InstalledProgram.assumeRoot();
    }

    @BeforeEach
    void install() throws Exception {
        garrison = new InstalledProgram(folder);
        jar = folder.resolve("bundles/word.jar");
        garrison.configure("word", "", "word { word = first }");
        Files.writeString(garrison.config(), "\ngarrison.trust.anchors = [ \"" + folder.resolve("keys/*.pem") + "\" ]\n",
                java.nio.file.StandardOpenOption.APPEND);
        Files.createDirectory(folder.resolve("keys"));
        Ended signed = garrison.run("sign", "--new-key", folder.resolve("keys/release").toString(), jar.toString());
        assertEquals(0, signed.exit(), signed.err());
    }

    @AfterEach
    void close() {
        garrison.close();
    }

    /** Puts the altered bundle in the place of the right one. */
    private void alter() throws IOException {
        Files.move(InstalledProgram.alterObject(jar, folder.resolve("altered.jar")), jar,
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void alteredObject_isRefusedWithItsReason_andTheRightOneRunsAgain() throws Exception {
        garrison.start();
        assertEquals("ACTIVE", garrison.plugin("word").text("state"));
        assertTrue(garrison.run("status").out().contains("BPF objects must be signed by CN=release"));
        byte[] right = Files.readAllBytes(jar);
        alter();
        garrison.run("bundle", "update", "word");
        assertEquals("FAILED", garrison.plugin("word").text("state"));
        String reason = garrison.plugin("word").text("reason");
        assertTrue(reason.matches("plugin word: object test_ring.bpf.o is not trusted: its signature names CN=release .*"
                + " does not fit: the object or the signature was altered; wanted is a signature .*"), reason);
        Files.write(jar, right);
        garrison.run("bundle", "update", "word");
        assertEquals("ACTIVE", garrison.plugin("word").text("state"));
    }

    @Test
    void withoutAnchors_nothingOfBouncyCastleIsLoaded() throws Exception {
        garrison.configure("word", "", "word { word = first }");
        Path classes = folder.resolve("classes");
        ProcessBuilder run = garrison.command("run", "--config", garrison.config().toString());
        run.environment().put("GARRISON_JAVA_OPTS", "-Xlog:class+load:file=" + classes);
        Process process = run.redirectErrorStream(true).redirectOutput(garrison.log().toFile()).start();
        try {
            InstalledProgram.await("garrison runs", () -> InstalledProgram.text(garrison.log()).contains("running: "));
            assertTrue(Files.readString(classes).contains("garrison.framework.trust.TrustSettings"));
            assertFalse(Files.readString(classes).contains("org.bouncycastle"));
        } finally {
            process.destroy();
            assertEquals(0, InstalledProgram.end(process));
        }
    }
}
