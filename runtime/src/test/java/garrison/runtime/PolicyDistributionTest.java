// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.fileguard.FileAccessEvent;
import garrison.runtime.InstalledProgram.Ended;
import garrison.runtime.json.EventJson;
import garrison.runtime.json.JsonObject;
import garrison.runtime.json.JsonText;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code garrison policy} of the assembled program with file-guard's bundle. Nothing is loaded, and no privilege is needed. */
@Timeout(240)
class PolicyDistributionTest {
    @TempDir
    Path temporary;
    private Path folder;
    private InstalledProgram garrison;

    @BeforeEach
    void install() throws IOException {
        folder = temporary.toRealPath();
        garrison = new InstalledProgram(folder);
        Files.writeString(Files.createDirectory(folder.resolve("tree")).resolve("file"), "x");
    }

    @AfterEach
    void close() {
        garrison.close();
    }

    private void configure(String more) throws IOException {
        garrison.configure("file-guard", "event-log = events.jsonl",
                "file-guard { mode = ENFORCE, budget { ns-per-event = 2000 }, rules = [ { name = one, tree = \"" + folder.resolve("tree")
                        + "\", operations = [ read ]" + more + " } ] }");
    }

    private Ended policy(String... words) throws IOException, InterruptedException {
        String[] all = new String[words.length + 1];
        all[0] = "policy";
        System.arraycopy(words, 0, all, 1, words.length);
        return garrison.run(all);
    }

    @Test
    void check_tellsErrorsAndWarningsByLine_andPassesWhatIsGood() throws Exception {
        String config = garrison.config().toString();
        configure("");
        Ended good = policy("check", config);
        configure(", allow = [ { uid = 7 }, { uid = 7 } ]");
        Ended doubtful = policy("check", config);
        Ended strict = policy("check", "--strict", config);
        configure(", operation = write");
        Ended bad = policy("check", config);
        assertAll(
                () -> assertEquals(0, good.exit(), good.err()),
                () -> assertEquals("file-guard: no errors, no warnings\n", good.out()),
                () -> assertEquals(0, doubtful.exit(), doubtful.err()),
                () -> assertTrue(doubtful.out().startsWith("warning: " + config + ":7: "), doubtful.out()),
                () -> assertEquals(1, strict.exit()),
                () -> assertEquals(1, bad.exit()),
                () -> assertTrue(bad.out().startsWith("error: " + config + ":7: unknown key"), bad.out()),
                () -> assertTrue(bad.out().endsWith("file-guard: 1 error, no warnings\n"), bad.out()));
    }

    @Test
    void explain_tellsWhoMayDoWhat() throws Exception {
        configure(", allow = [ { uid = 7 } ]");
        String file = folder.resolve("tree/file").toString();
        String config = garrison.config().toString();
        Ended all = policy("explain", "--config", config, file);
        Ended one = policy("explain", "--config", config, "--as", "uid:7", "--json", file);
        JsonObject read = JsonObject.of(JsonText.read(one.out())).object("file-guard").objects("acts").getFirst();
        Ended unknown = policy("explain", "--config", config, "--as", "nobody", file);
        assertAll(
                () -> assertTrue(all.out().contains("refuses all but uid 7"), all.out() + all.err()),
                () -> assertEquals("ALLOWED", read.text("standing"), one.out()),
                () -> assertEquals(1, unknown.exit()),
                () -> assertTrue(unknown.err().startsWith("garrison: nobody is 'nobody'"), unknown.err()));
    }

    @Test
    void diff_tellsWhatBecomesStricter() throws Exception {
        configure(", allow = [ { uid = 7 } ]");
        Path old = Files.copy(garrison.config(), folder.resolve("old.conf"));
        configure("");
        Ended diff = policy("diff", old.toString(), garrison.config().toString());
        assertEquals("stricter: below " + folder.resolve("tree") + ": read, leave the tree by uid 7: free before, now refused\n",
                diff.out(), diff.err());
    }

    @Test
    void suggestion_ofALog_passesTheCheck_andAllowsWhatWasReported() throws Exception {
        configure("");
        Path program = Files.copy(Path.of("/bin/true").toRealPath(), folder.resolve("program"));
        FileAccessEvent event = new FileAccessEvent("file-guard", Instant.parse("2001-11-22T05:00:00Z"), "one", "read", "/p", "", "/p", 0, false,
                Mode.AUDIT, "file_open", 1, 1, 7, 7, "c", 1, "p", List.of(), program.toString(), "proc", 1, "0:1", 1);
        Files.writeString(folder.resolve("events.jsonl"), EventJson.line(event) + "\ntorn\n");
        String config = garrison.config().toString();
        Ended report = policy("report", "--config", config);
        Ended recent = policy("report", "--config", config, "--since", "1h");
        Ended suggested = policy("suggest", "--config", config);
        Path suggestion = Files.writeString(folder.resolve("suggestion.conf"), "garrison.runtime { bundles = [ file-guard ],"
                + " bundle-directory = bundles }\n" + suggested.out());
        Ended checked = policy("check", "--strict", suggestion.toString());
        assertAll(
                () -> assertTrue(report.out().contains("  " + program + " as uid 7: 1 would be refused; read"), report.out() + report.err()),
                () -> assertTrue(report.err().contains("1 lines of the event log are no events"), report.err()),
                () -> assertEquals("nothing was refused, and nothing would have been\n", recent.out()),
                () -> assertEquals(0, checked.exit(), checked.out() + suggested.out()),
                () -> assertTrue(policy("explain", "--config", suggestion.toString(), "--as", program.toString(), "--as", "uid:7",
                        folder.resolve("tree/file").toString()).out().contains("read, leave the tree: allowed")));
    }
}
