// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is made of an event log's lines. */
class AccessReportTest {
    @TempDir
    Path temporary;
    private Path folder;
    private Path vault;
    private final List<Map<String, Object>> log = new ArrayList<>();

    @BeforeEach
    void makeFiles() throws IOException {
        folder = temporary.toRealPath();
        Files.createDirectory(folder.resolve("tree"));
        vault = Files.setPosixFilePermissions(Files.writeString(folder.resolve("va\"ult"), "\177ELF"), PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Map<String, Object> seen(String rule, String operation, String executable, long uid, long verdict) {
        Map<String, Object> line = new HashMap<>(Map.of("time", "2026-11-22T05:00:00.000000000Z", "plugin", "file-guard", "type", "file_access",
                "rule", rule, "operation", operation, "path", "/p/" + log.size(), "verdict", verdict, "uid", uid));
        line.putAll(Map.of("executable", executable, "executable_from", executable.isEmpty() ? "unknown" : "proc", "comm", "the\ncomm"));
        log.add(line);
        return line;
    }

    private Settings settings() throws IOException {
        return Conf.settings(folder, "rules = [ { name = secrets, tree = \"" + folder.resolve("tree") + "\", operations = [ write, read ]"
                + ", allow = [ { uid = 7 } ] } ]");
    }

    private List<String> suggestion() throws IOException {
        return new GuardTool().suggest(settings(), log.stream()).lines();
    }

    @Test
    void report_countsByRuleAndProgram() throws IOException {
        for (int i = 0; i < 5; i++) {
            seen("secrets", "read", vault.toString(), i % 2, 0);
        }
        seen("secrets", "write", vault.toString(), 0, -1);
        seen("other", "write", "", 3, -1);
        log.add(Map.of("time", "2026-11-22T05:00:00Z", "plugin", "file-guard", "type", "events_lost", "count", 12L));
        log.add(Map.of("time", "2026-11-22T05:00:00Z", "plugin", "syscall-table", "type", "events_lost", "count", 100L));
        log.add(Map.of("time", "2026-11-22T05:00:00Z", "plugin", "garrison", "type", "plugin_changed"));
        AccessReport report = new AccessReport();
        log.forEach(report::add);
        AccessReport.Line first = report.counted().getFirst();
        assertAll(
                () -> assertEquals(2, report.counted().size()),
                () -> assertEquals(5, first.wouldBeRefused()),
                () -> assertEquals(1, first.refused()),
                () -> assertEquals(Map.of(0L, 4L, 1L, 2L), first.uids()),
                () -> assertEquals(Map.of("read", 5L, "write", 1L), first.operations()),
                () -> assertEquals(List.of("/p/0", "/p/1", "/p/2"), first.examples()),
                () -> assertEquals(12, report.lost()),
                () -> assertTrue(report.lines().contains("  " + vault + " as uid 0, 1: 5 would be refused, 1 refused; read, write"),
                        report.lines().toString()),
                () -> assertTrue(report.lines().getLast().startsWith("12 events were lost"), report.lines().toString()));
    }

    @Test
    void suggestion_allowsWhatWasSeen_andPassesTheCheck() throws IOException {
        seen("secrets", "read", vault.toString(), 0, 0);
        seen("secrets", "write", vault.toString(), 0, -1);
        seen("secrets", "read", vault.toString(), 7, 0);
        List<String> lines = suggestion();
        Settings suggested = Conf.settings(folder, String.join("\n", lines), "garrison.plugins.file-guard");
        GuardPolicy policy = GuardPolicy.of(suggested);
        assertAll(
                () -> assertEquals(List.of(), GuardPolicy.check(Conf.settings(folder, String.join("\n", lines), "garrison.plugins.file-guard")),
                        lines.toString()),
                () -> assertTrue(lines.stream().anyMatch(line -> line.endsWith("uid = 0 }  # seen 3 times: read, write")), lines.toString()),
                () -> assertEquals(1, lines.stream().filter(line -> line.contains("uid = 7")).count(), "allowed already: " + lines),
                () -> assertEquals(Standing.ALLOWED, policy.explain(folder.resolve("tree"), Actor.of(List.of(vault.toString(), "uid:0")))
                        .standing("read")),
                () -> assertEquals(Standing.REPORTED, policy.explain(folder.resolve("tree"), Actor.of(List.of("uid:0"))).standing("read")));
    }

    @Test
    void suggestion_keepsWhatTheRuleSays() throws IOException {
        Settings settings = Conf.settings(folder, "rules = [ { name = a, glob = \"" + folder + "/tr*\", operations = read, effect = kill, allow = [ {"
                + " uid = 1, gid = 2, until = \"2199-01-01T00:00Z\" } ] }, { name = b, path = \"" + vault.toString().replace("\"", "\\\"")
                + "\", operations = read, mode = AUDIT } ]");
        Policy before = Policy.read(settings);
        List<String> lines = PolicySuggestion.lines(before, new AccessReport());
        Settings written = Conf.settings(folder, String.join("\n", lines), "garrison.plugins.file-guard");
        GuardPolicy.mode(written);
        Policy after = Policy.read(written);
        assertEquals(said(before), said(after));
    }

    private static List<String> said(Policy policy) {
        return policy.rules().stream().map(rule -> rule.name() + rule.paths() + rule.globs() + rule.operations() + rule.effect()
                + rule.allow().stream().map(Subject::words).toList()).toList();
    }

    @Test
    void suggestion_ofManyUsers_namesTheProgramAlone() throws IOException {
        for (int uid = 100; uid < 106; uid++) {
            seen("secrets", "read", vault.toString(), uid, 0);
        }
        List<String> lines = suggestion();
        assertTrue(lines.stream().anyMatch(line -> line.endsWith("}  # seen 6 times: read, by 6 users") && !line.contains("uid =")), lines.toString());
    }

    @Test
    void suggestion_doesNotAllowWhatItCannotName() throws IOException {
        seen("secrets", "read", "", 0, 0);
        seen("secrets", "read", "/no/such/program", 0, 0);
        seen("gone", "read", vault.toString(), 0, 0);
        List<String> lines = suggestion();
        assertAll(
                () -> assertEquals(2, lines.stream().filter(line -> line.contains("# not allowed, for it is no file here")).count(), lines.toString()),
                () -> assertFalse(lines.stream().anyMatch(line -> line.contains("executable =")), lines.toString()),
                () -> assertFalse(lines.stream().anyMatch(line -> line.contains("\n")), "a thread's name ends no comment"),
                () -> assertTrue(lines.getLast().contains("1 events were of rules that this policy does not have"), lines.toString()));
    }

    @Test
    void nothingSeen_isSaid() {
        assertEquals(List.of("nothing was refused, and nothing would have been"), new AccessReport().lines());
    }
}
