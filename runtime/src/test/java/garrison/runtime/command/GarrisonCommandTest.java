// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GarrisonCommandTest {
    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @ValueSource(strings = {"", "nothing", "status --colour", "mode file-guard", "mode file-guard LOUD", "run --log-level loud", "bundle",
        "bundle stop", "bundle shake x", "events --count many", "check --config", "help nothing", "stauts", "policy", "policy explain",
        "policy diff one", "policy report --since soon --config none"})
    void wrongCommandLine_endsWith2AndOneMessage(String line) {
        assertEquals(2, execute(line.isEmpty() ? new String[0] : line.split(" ")));
        assertTrue(err.toString().startsWith("garrison: "), err.toString());
        assertTrue(err.toString().lines().count() <= 3, err.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"status", "status --json", "plugins", "events", "reload", "mode file-guard audit", "bundle stop x", "bundle update x"})
    void nobodyRunning_endsWith3(String line) {
        assertEquals(3, execute((line + " --socket " + folder.resolve("none.sock")).split(" ")));
        assertTrue(err.toString().startsWith("garrison: garrison is not running: "), err.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
    }

    @Test
    void deadSocket_isNotRunning() throws IOException {
        Path socket = folder.resolve("dead.sock");
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(socket));
        }
        assertEquals(3, execute("status", "--socket", socket.toString()));
    }

    @Test
    void check_ofAWrongFile_endsWith1ByLine() throws IOException {
        Path file = Files.writeString(folder.resolve("g.conf"), "garrison.runtime {\n  bundel = x\n}\n");
        assertEquals(1, execute("check", "--config", file.toString()));
        assertTrue(err.toString().startsWith("garrison: " + file + ":2: unknown key garrison.runtime.bundel; did you mean 'bundles'?"),
                err.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
    }

    @Test
    void check_findsAllThatIsWrong() throws IOException {
        Path file = Files.writeString(folder.resolve("g.conf"), """
                garrison {
                  runtime { bundles = [ missing ], bundle-directory = "." }
                  plugins { nobodys { enabled = true } }
                }
                """);
        assertEquals(1, execute("check", "--config", file.toString()));
        assertTrue(err.toString().contains("bundle missing cannot install: there is no file"), err.toString());
        assertTrue(err.toString().contains(file + ":3: unknown key garrison.plugins.nobodys"), err.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "help", "help run", "run --help", "status -h", "bundle stop --help", "events --help",
        "policy --help", "policy explain --help", "policy report --help"})
    void help_isPrintedAndFits(String line) {
        assertEquals(0, execute(line.split(" ")));
        assertTrue(out.toString().contains("Usage: garrison"), out.toString());
        assertTrue(out.toString().lines().allMatch(l -> l.length() <= 100), out.toString());
        assertEquals("", err.toString());
    }

    @Test
    void help_tellsTheExitCodes() {
        execute("--help");
        assertTrue(out.toString().contains("3   no instance is running"), out.toString());
    }

    @Test
    void version_isPrinted() {
        assertEquals(0, execute("--version"));
        assertTrue(out.toString().startsWith("garrison "), out.toString());
    }

    private int execute(String... arguments) {
        PrintWriter o = new PrintWriter(out);
        PrintWriter e = new PrintWriter(err);
        int code = GarrisonCommand.execute(o, e, arguments);
        o.flush();
        e.flush();
        return code;
    }
}
