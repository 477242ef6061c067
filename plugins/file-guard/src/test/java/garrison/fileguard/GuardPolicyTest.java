// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a policy says it does; that the kernel does the same is tested in guests. */
class GuardPolicyTest {
    @TempDir
    Path temporary;
    private Path folder;
    private Path vault;

    @BeforeEach
    void makeFiles() throws IOException {
        folder = temporary.toRealPath();
        Files.createDirectories(folder.resolve("tree/deep"));
        Files.createDirectory(folder.resolve("beside"));
        Files.writeString(folder.resolve("tree/deep/file"), "x");
        Files.writeString(folder.resolve("beside/file"), "x");
        vault = Files.writeString(folder.resolve("vault"), "x");
    }

    private String tree(String name, String more) {
        return "{ name = " + name + ", tree = \"" + folder.resolve("tree") + "\", " + more + " }";
    }

    private GuardPolicy policy(String... rules) throws IOException {
        return GuardPolicy.of(Conf.settings(folder, "mode = ENFORCE, rules = [ " + String.join(",", rules) + " ]"));
    }

    private Standing standing(GuardPolicy policy, String object, String act, String... as) {
        return policy.explain(folder.resolve(object), Actor.of(List.of(as))).standing(act);
    }

    @Test
    void tree_refusesWhatLiesBelow_andNothingBeside() throws IOException {
        GuardPolicy policy = policy(tree("one", "operations = [ read ]"));
        assertAll(
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "read")),
                () -> assertEquals(Standing.FREE, standing(policy, "tree/deep/file", "write")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree", "read")),
                () -> assertEquals(Standing.FREE, standing(policy, "beside/file", "read")),
                () -> assertEquals(Standing.FREE, standing(policy, "", "read")));
    }

    @Test
    void ownersRule_coversWhatHeHas_andPerhapsWhatIsToBeMade() throws IOException {
        int me = (int) Files.getAttribute(vault, "unix:uid");
        GuardPolicy mine = policy(tree("one", "operations = [ write, create ], owner = " + me));
        GuardPolicy others = policy(tree("one", "operations = [ write, create ], owner = " + (me + 1)));
        assertAll(
                () -> assertEquals(Standing.REFUSED, standing(mine, "tree/deep/file", "write")),
                () -> assertEquals(Standing.FREE, standing(others, "tree/deep/file", "write")),
                () -> assertEquals(Standing.REFUSED, standing(others, "tree/deep/new", "create")),
                () -> assertEquals(List.of(), mine.differences(mine)));
    }

    @Test
    void ancestor_letsThroughThoseBelowIt() throws IOException {
        GuardPolicy policy = policy(tree("one", "operations = [ write ], allow = [ { ancestor = \"" + vault + "\", uid = 7 } ]"));
        assertAll(
                () -> assertEquals(Standing.ALLOWED, standing(policy, "tree/deep/file", "write", "under:" + vault, "uid:7")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "write", "uid:7")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "write", vault.toString(), "uid:7")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "write", "under:" + vault, "uid:8")));
    }

    @Test
    void digest_letsThroughWhoHasIt_nobodyElse() throws IOException {
        String digest = "0123456789abcdef".repeat(4);
        GuardPolicy policy = policy(tree("one", "operations = [ write ], allow = [ { fs-verity = \"sha256:" + digest + "\" } ]"));
        assertAll(
                () -> assertEquals(Standing.ALLOWED, standing(policy, "tree/deep/file", "write", "verity:sha256:" + digest.toUpperCase(Locale.ROOT))),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "write", "verity:sha256:" + digest.replace('f', 'e'))),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "write", "verity:sha512:" + digest + digest)),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "write", vault.toString())));
    }

    @Test
    void whatLeadsOutOfATree_isRefusedByEveryRule_butNotOfItsRoot() throws IOException {
        GuardPolicy policy = policy(tree("one", "operations = [ read ]"));
        assertAll(
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "leave the tree")),
                () -> assertEquals(Standing.FREE, standing(policy, "tree", "leave the tree")));
    }

    @Test
    void directoryAbove_isNotMovedOrCovered() throws IOException {
        GuardPolicy policy = policy(tree("one", "operations = [ write ]"));
        assertAll(
                () -> assertEquals(Standing.REFUSED, standing(policy, "", "rename")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "", "mount")),
                () -> assertEquals(Standing.FREE, standing(policy, "", "write")),
                () -> assertEquals(Standing.FREE, standing(policy, "tree/deep", "rename")));
    }

    @Test
    void newName_isAskedOfItsDirectory_andLaterOfItsTree() throws IOException {
        GuardPolicy policy = policy(tree("one", "operations = [ create, write ]"));
        Explanation there = policy.explain(folder.resolve("tree/deep/new"));
        assertAll(
                () -> assertEquals("new name", there.kind()),
                () -> assertEquals(Standing.REFUSED, there.standing("create")),
                () -> assertEquals(Standing.REFUSED, there.standing("write")),
                () -> assertEquals(Standing.FREE, there.standing("read")),
                () -> assertThrows(GarrisonException.class, () -> policy.explain(folder.resolve("no/such/folder"))));
    }

    @Test
    void fileThatCameLater_isKnownByItsName_andKeepsIt() throws IOException {
        Path file = folder.resolve("beside/file");
        GuardPolicy policy = policy("{ name = one, paths = [ \"" + file + "\", \"" + folder.resolve("beside/absent") + "\" ], operations = [ write ] }");
        assertAll(
                () -> assertEquals(Standing.REFUSED, standing(policy, "beside/file", "write")),
                () -> assertEquals(Standing.FREE, standing(policy, "beside/file", "rename"), "it is known under any name"),
                () -> assertEquals(Standing.REFUSED, standing(policy, "beside/absent", "write")),
                () -> assertEquals(Standing.FREE, standing(policy, "beside/absent", "create")),
                () -> assertEquals(Standing.FREE, standing(policy, "beside/other", "write")));
        Files.createLink(folder.resolve("beside/old"), file);
        Files.delete(file);
        Files.writeString(file, "another");
        assertAll(
                () -> assertEquals(Standing.REFUSED, standing(policy, "beside/file", "write")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "beside/file", "rename")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "beside/file", "link")),
                () -> assertEquals(Standing.FREE, standing(policy, "beside/file", "read")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "beside/old", "write")));
    }

    @Test
    void nameThatNoFileHas_isKeptFree() throws IOException {
        GuardPolicy policy = policy("{ name = one, path = \"" + folder.resolve("beside/absent") + "\", operations = [ create, read ] }");
        assertAll(
                () -> assertEquals(Standing.REFUSED, standing(policy, "beside/absent", "create")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "beside/absent", "read")),
                () -> assertEquals(Standing.FREE, standing(policy, "beside/other", "create")));
    }

    @Test
    void file_isNotAskedAboutNewNames() throws IOException {
        GuardPolicy policy = policy(tree("one", "operations = [ create ]"));
        assertFalse(policy.explain(folder.resolve("tree/deep/file")).acts().stream().anyMatch(row -> row.act().equals("create")));
    }

    @Test
    void entries_letThoseThroughWhoFitThemWhole() throws IOException {
        GuardPolicy policy = policy(tree("one", "operations = [ read ], allow = [ { executable = \"" + vault + "\", uid = 7 }, { uid = 8 } ]"));
        assertAll(
                () -> assertEquals(Standing.ALLOWED, standing(policy, "tree/deep/file", "read", vault.toString(), "uid:7")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "read", vault.toString())),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "read", vault.toString(), "uid:9")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "read", "uid:7")),
                () -> assertEquals(Standing.ALLOWED, standing(policy, "tree/deep/file", "read", "uid:8")));
    }

    @Test
    void entryOfSeveralTerms_asksForAllOfThem() throws IOException {
        GuardPolicy policy = policy(tree("one", "operations = [ read ], allow = [ { uid = 1, gid = 2 }, { executable = \"" + vault
                + "\", gid = 3 } ]"));
        assertAll(
                () -> assertEquals(Standing.ALLOWED, standing(policy, "tree/deep/file", "read", "uid:1", "gid:2")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "read", "uid:1", "gid:3")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "read", "uid:1")),
                () -> assertEquals(Standing.ALLOWED, standing(policy, "tree/deep/file", "read", vault.toString(), "gid:3", "uid:9")),
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "read", "gid:3")));
    }

    @Test
    void entryThatIsOver_letsNobodyThrough() throws IOException {
        GuardPolicy policy = policy(tree("one", "operations = [ read ], allow = [ { uid = 1, until = \"2001-01-01T00:00Z\" }, { uid = 2,"
                + " until = \"2199-01-01T00:00Z\" } ]"));
        assertAll(
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "read", "uid:1")),
                () -> assertEquals(Standing.ALLOWED, standing(policy, "tree/deep/file", "read", "uid:2")));
    }

    @Test
    void cgroup_meansThoseBelowItToo() throws IOException {
        List<Long> ids = new Cgroups(java.util.Optional.of(folder)).ids(Path.of("/tree/deep"));
        List<Path> way = List.of(folder, folder.resolve("tree"), folder.resolve("tree/deep"));
        assertAll(
                () -> assertEquals(StatFileIds.identify(way).stream().map(garrison.spi.FileId::inode).toList(), ids),
                () -> assertEquals(List.of(), new Cgroups(java.util.Optional.of(folder)).ids(Path.of("/tree/none"))),
                () -> assertEquals(List.of(), new Cgroups(java.util.Optional.empty()).ids(Path.of("/"))));
    }

    @Test
    void ruleThatKills_isSaidToDoSo() throws IOException {
        GuardPolicy policy = policy(tree("one", "operations = [ read ], effect = kill"), tree("two", "operations = [ write ], effect = audit"));
        assertAll(
                () -> assertEquals(Standing.KILLED, standing(policy, "tree/deep/file", "read")),
                () -> assertEquals(Standing.REPORTED, standing(policy, "tree/deep/file", "write")),
                () -> assertTrue(policy.explain(folder.resolve("tree")).lines().getFirst().contains("(directory)")),
                () -> assertTrue(policy.explain(folder.resolve("tree")).lines().stream().anyMatch(line -> line.endsWith(": kills everyone"))));
    }

    @Test
    void severalRules_refuseIfOneDoes_andAuditOnlyReports() throws IOException {
        GuardPolicy policy = policy(
                tree("audit", "operations = [ read, write ], mode = AUDIT"),
                tree("open", "operations = [ read ], allow = [ { uid = 8 } ]"));
        assertAll(
                () -> assertEquals(Standing.REFUSED, standing(policy, "tree/deep/file", "read")),
                () -> assertEquals(Standing.REPORTED, standing(policy, "tree/deep/file", "read", "uid:8")),
                () -> assertEquals(Standing.REPORTED, standing(policy, "tree/deep/file", "write")),
                () -> assertEquals(List.of("audit", "open"), policy.explain(folder.resolve("tree/deep/file")).acts().getFirst().rules()
                        .stream().map(Explanation.Said::rule).toList()));
    }

    @Test
    void pluginInAudit_refusesNothing() throws IOException {
        GuardPolicy policy = GuardPolicy.of(Conf.settings(folder, "mode = AUDIT, rules = [ " + tree("one", "operations = [ read ]") + " ]"));
        assertEquals(Standing.REPORTED, standing(policy, "tree/deep/file", "read"));
    }

    @Test
    void explanation_namesRulesWithTheirLines() throws IOException {
        List<String> lines = policy(tree("one", "operations = [ read ], allow = [ { uid = 8 } ]")).explain(folder.resolve("tree/deep/file")).lines();
        String rule = "    rule one (" + folder.resolve("guard.conf") + ":1) at " + folder.resolve("tree") + ": refuses all but uid 8";
        assertAll(
                () -> assertEquals(folder.resolve("tree/deep/file") + " (file)", lines.getFirst()),
                () -> assertEquals("  read, leave the tree: refused to others than these rules allow", lines.get(1)),
                () -> assertEquals(rule, lines.get(2)),
                () -> assertEquals("  write, delete, rename, link, attributes, execute, mount: free, no rule covers it", lines.get(3)));
    }

    @Test
    void actor_inWordsThatAreNone_isRefused() {
        for (String word : List.of("vault", "uid:x", "uid:-1", "user:root")) {
            GarrisonException e = assertThrows(GarrisonException.class, () -> Actor.of(List.of(word)), word);
            assertTrue(e.getMessage().contains(word), e.getMessage());
        }
    }

    @Test
    void difference_isToldByPlaceAndPerson() throws IOException {
        GuardPolicy before = policy(tree("one", "operations = [ read, write ], allow = [ { uid = 8 } ]"));
        GuardPolicy after = policy(tree("one", "operations = [ read, delete ], allow = [ { uid = 8 }, { uid = 9 } ]"));
        List<String> differences = before.differences(after).stream().map(AccessDifference::words).toList();
        Path tree = folder.resolve("tree");
        assertAll(
                () -> assertTrue(differences.contains("looser: below " + tree + ": write by others: refused before, now free"), differences.toString()),
                () -> assertTrue(differences.contains("stricter: below " + tree + ": delete by others: free before, now refused"),
                        differences.toString()),
                () -> assertTrue(differences.contains("looser: below " + tree + ": read, mount, leave the tree by uid 9: refused before, now free"),
                        differences.toString()),
                () -> assertFalse(differences.stream().anyMatch(d -> d.contains("uid 8")), "nothing changes for " + differences),
                () -> assertEquals(List.of(), before.differences(before)));
    }

    @Test
    void difference_ofModes_isOne() throws IOException {
        String rule = tree("one", "operations = [ read ]");
        GuardPolicy audit = GuardPolicy.of(Conf.settings(folder, "mode = AUDIT, rules = [ " + rule + " ]"));
        assertEquals(List.of("stricter: below " + folder.resolve("tree") + ": read, leave the tree by others: reported before, now refused"),
                audit.differences(policy(rule)).stream().map(AccessDifference::words).toList());
    }
}
