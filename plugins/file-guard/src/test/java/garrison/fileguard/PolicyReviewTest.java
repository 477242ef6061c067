// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.PolicyFinding;
import garrison.spi.PolicyFinding.Severity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is found wrong with policies; and that good ones are left alone. */
class PolicyReviewTest {
    @TempDir
    Path temporary;
    private Path folder;

    @BeforeEach
    void makeFiles() throws IOException {
        folder = temporary.toRealPath();
        Files.createDirectories(folder.resolve("tree/deep"));
        Files.writeString(folder.resolve("tree/deep/file"), "x");
        Files.createSymbolicLink(folder.resolve("link"), folder.resolve("tree"));
        program("vault", "\177ELF");
        program("other", "\177ELF");
    }

    private Path program(String name, String text) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private List<PolicyFinding> check(String... rules) throws IOException {
        return GuardPolicy.check(Conf.settings(folder, "rules = [\n" + String.join("\n", rules) + "\n]"));
    }

    private String rule(String name, String key, String place, String more) {
        return "{ name = " + name + ", " + key + " = \"" + folder.resolve(place) + "\", " + more + " }";
    }

    private String allow(String entries) {
        return "allow = [ " + entries.replace("VAULT", "executable = \"" + folder.resolve("vault") + "\"")
                .replace("OTHER", "executable = \"" + folder.resolve("other") + "\"") + " ]";
    }

    private void one(Severity severity, int line, String problem, List<PolicyFinding> findings) {
        assertEquals(1, findings.size(), findings.toString());
        PolicyFinding finding = findings.getFirst();
        assertAll(
                () -> assertEquals(severity, finding.severity()),
                () -> assertEquals(folder.resolve("guard.conf") + ":" + line, finding.place(), finding.words()),
                () -> assertTrue(finding.problem().contains(problem), finding.words()));
    }

    @Test
    void errors_areToldAll_eachByItsLine() throws IOException {
        List<PolicyFinding> findings = check(
                rule("a", "path", "nothing/file", "operations = [ read ]"),
                rule("b", "tree", "vault", "operations = [ read ]"),
                "{ name = c, path = /etc/passwd, operations = [ reed ] }",
                "{ name = d, path = /etc/passwd, operations = [ read ], allow = [ { uid = -1 }, { uid = 5 } ] }",
                "{ name = e, path = /etc/passwd, operation = [ read ] }",
                rule("f", "path", "vault", "operations = [ read ], allow = [ { executable = /no/such } ]"));
        List<String> places = findings.stream().map(PolicyFinding::place).sorted().toList();
        String file = folder.resolve("guard.conf") + ":";
        assertAll(
                () -> assertEquals(List.of(file + 2, file + 3, file + 4, file + 5, file + 6, file + 7), places, findings.toString()),
                () -> assertTrue(findings.stream().allMatch(f -> f.severity() == Severity.ERROR), findings.toString()));
    }

    @Test
    void rulesThatSayDifferentThings_areGood() throws IOException {
        assertEquals(List.of(), check(
                rule("tree", "tree", "tree", "operations = [ read, write ], " + allow("{ VAULT, uid = 0 }, { uid = 7 }")),
                // narrower: others may than in the tree around it
                rule("deep", "tree", "tree/deep", "operations = [ read ], " + allow("{ uid = 7 }")),
                rule("file", "path", "tree/deep/file", "operations = [ attributes ]"),
                rule("audit", "tree", "tree", "operations = [ read, delete ], mode = AUDIT")));
    }

    @Test
    void ruleWithinAnother_thatRefusesAsMuch_isUnreachable() throws IOException {
        one(Severity.WARNING, 3, "rule 'file' never decides anything: rule 'tree' (", check(
                rule("tree", "tree", "tree", "operations = [ read, write, rename, link ], " + allow("{ VAULT, uid = 0 }")),
                rule("file", "path", "tree/deep/file", "operations = [ read, write ], " + allow("{ VAULT }"))));
    }

    @Test
    void ruleWithinAnother_thatLetsFilesBeMoved_stillKeepsThemInPlace() throws IOException {
        assertEquals(List.of(), check(
                rule("tree", "tree", "tree", "operations = [ write ]"),
                rule("deep", "tree", "tree/deep", "operations = [ write ]")));
    }

    @Test
    void ruleWithinAnother_thatOnlyReports_isReached() throws IOException {
        assertEquals(List.of(), check(
                rule("tree", "tree", "tree", "operations = [ read, rename, link ], mode = AUDIT"),
                rule("file", "path", "tree/deep/file", "operations = [ read ]")));
    }

    @Test
    void ruleSaidTwice_evenByAnotherName_isToldOnce() throws IOException {
        one(Severity.WARNING, 3, "rule 'b' never decides anything: rule 'a' (", check(
                rule("a", "tree", "tree", "operations = [ read ]"),
                rule("b", "tree", "link", "operations = [ read ]")));
    }

    @Test
    void allowance_thatAnotherRuleRefuses_isInVain() throws IOException {
        one(Severity.WARNING, 3, "allows " + folder.resolve("other") + " in vain: rule 'tree' (", check(
                rule("tree", "tree", "tree", "operations = [ read ], " + allow("{ VAULT }")),
                rule("file", "path", "tree/deep/file", "operations = [ read, write ], " + allow("{ OTHER }"))));
    }

    @Test
    void allowance_thatHoldsForSomeOfThem_isNotInVain() throws IOException {
        assertEquals(List.of(), check(
                rule("tree", "tree", "tree", "operations = [ read ], " + allow("{ uid = 7 }")),
                rule("file", "path", "tree/deep/file", "operations = [ read, write ], " + allow("{ OTHER }"))));
    }

    @Test
    void allowance_withinAnother_addsNothing() throws IOException {
        one(Severity.WARNING, 2, "who is let through by the entry uid 7 anyway", check(
                rule("tree", "tree", "tree", "operations = [ read ], " + allow("{ VAULT, uid = 7 }, { uid = 7 }"))));
    }

    @Test
    void allowance_thatIsOver_isTold() throws IOException {
        one(Severity.WARNING, 2, "allows uid 7 until 2001-01-01T00:00:00Z, which is over", check(
                rule("tree", "tree", "tree", "operations = [ read ], " + allow("{ uid = 7, until = \"2001-01-01T00:00Z\" }"))));
    }

    @Test
    void allowance_thatEndsWithinOneThatLasts_addsNothing() throws IOException {
        one(Severity.WARNING, 2, "who is let through by the entry uid 7 anyway", check(
                rule("tree", "tree", "tree", "operations = [ read ], " + allow("{ uid = 7 }, { uid = 7, gid = 1, until = \"2199-01-01T00:00Z\" }"))));
    }

    @Test
    void ruleThatKills_afterOneThatRefusesTheSame_isUnreachable() throws IOException {
        one(Severity.WARNING, 3, "rule 'b' never decides anything", check(rule("a", "tree", "tree", "operations = [ read ]"),
                rule("b", "tree", "tree", "operations = [ read ], effect = kill")));
    }

    @Test
    void ruleThatRefuses_withinOneThatKills_isAskedFirst() throws IOException {
        assertEquals(List.of(), check(rule("a", "tree", "tree", "operations = [ read, rename, link ], effect = kill"),
                rule("b", "tree", "tree/deep", "operations = [ read ]")));
    }

    @Test
    void executable_thatNeverRuns_isTold() throws IOException {
        program("script", "#!/bin/sh\n");
        Files.writeString(folder.resolve("plain"), "\177ELF");
        for (List<String> each : List.of(List.of("script", "a script"), List.of("plain", "nobody may execute"), List.of("tree", "no regular file"))) {
            one(Severity.WARNING, 2, each.get(1), check(rule("tree", "tree", "tree/deep", "operations = [ read ], allow = [ { executable = \""
                    + folder.resolve(each.getFirst()) + "\" } ]")));
        }
    }

    @Test
    void nameThatNoFileHas_isAsGoodAsOne() throws IOException {
        assertEquals(List.of(), check(rule("a", "path", "absent", "operations = [ read ]"), rule("b", "path", "vault", "operations = [ read ]")));
        one(Severity.WARNING, 3, "rule 'b' never decides anything", check(rule("a", "path", "absent", "operations = [ read ]"),
                rule("b", "path", "absent", "operations = [ read ]")));
    }

    @Test
    void placeNamedTwice_isTold() throws IOException {
        one(Severity.WARNING, 2, "names " + folder.resolve("link") + " twice", check("{ name = a, trees = [ \"" + folder.resolve("tree") + "\", \""
                + folder.resolve("link") + "\" ], operations = [ read ] }"));
    }

    @Test
    void typeThatNobodyKnows_isTold_andLiesInNoTree() throws IOException {
        one(Severity.WARNING, 4, "type 'no-such'", check("{ name = b, tree = /proc, operations = [ read, rename, link ] }",
                "{ name = c, file-system = proc, operations = [ read ] }", "{ name = a, file-system = no-such, operations = [ read ] }"));
        assertEquals(List.of(), check("{ name = a, file-system = proc, operations = [ read ] }"));
    }

    @Test
    void createInAFile_isTold() throws IOException {
        one(Severity.WARNING, 2, "which is no directory", check(rule("a", "path", "tree/deep/file", "operations = [ create, read ]")));
    }

    @Test
    void manyRules_areReviewedInALittleTime() throws IOException {
        StringBuilder rules = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            Files.writeString(folder.resolve("tree/" + i), "x");
            rules.append(rule("r" + i, "path", "tree/" + i, "operations = [ read ]")).append('\n');
        }
        long start = System.nanoTime();
        assertEquals(List.of(), check(rules.toString()));
        assertTrue(System.nanoTime() - start < 20_000_000_000L, "quadratic?");
    }
}
