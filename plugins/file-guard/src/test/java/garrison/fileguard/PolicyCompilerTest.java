// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.ConfigurationException;
import garrison.spi.FileId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a policy becomes in the kernel's map, read back byte by byte as file_guard.h lays it out. */
class PolicyCompilerTest {
    /** struct file_guard_key. */
    private record Key(int kind, int number, long inode, int device, int uid) {}

    /** struct file_guard_value. */
    private record Value(int generation, int rule, int operations, int coverage, int traits, int more) {}

    private static final int FILESYSTEM = 1;
    private static final int OBJECT = 2;
    private static final int ABOVE = 3;
    private static final int SUBJECT = 4;
    private static final int SELF = 1;
    private static final int TREE = 2;
    private static final int ENFORCED = 1;
    private static final int ANY_UID = -1;
    private static final int ALWAYS = 1 << 15;
    private static final int LEADS = 1 << 14;
    private static final int TERM = 5;
    private static final int BY_TERMS = 1 << 4;
    private static final int KILLS = 1 << 5;
    private static final Instant BOOT = Instant.parse("2026-11-22T00:00:00Z");
    private static final int NAMES = 1 << 13;
    private static final int NAME = 6;
    private static final int NAMED = 4;

    private final StatFiles files = new StatFiles();

    @TempDir
    Path temporary;
    Path folder;

    @BeforeEach
    void realFolder() throws IOException {
        folder = temporary.toRealPath();
    }

    @Test
    void path_becomesAnObjectAndTheDirectoriesAboveIt() throws IOException {
        FileId file = make("a/b/file");
        Map<Key, Value> map = compile("{ name = one, path = \"" + folder.resolve("a/b/file") + "\", operations = [ write, mount ] }");
        int operations = 1 << 1 | 1 << 8 | ALWAYS;
        assertAll(
                () -> assertEquals(new Value(StatFiles.GENERATION, 5, operations, SELF, ENFORCED, 0), map.get(object(file, 0))),
                () -> assertEquals(new Value(StatFiles.GENERATION, 5, operations, SELF, ENFORCED, 0), map.get(above("a/b"))),
                () -> assertEquals(new Value(StatFiles.GENERATION, 5, operations, SELF, ENFORCED, 0), map.get(above("a"))),
                () -> assertNull(map.get(above("a/b/file")), "no directory"),
                () -> assertNull(map.get(new Key(ABOVE, 0, id("/").inode(), (int) id("/").device(), 0)), "the root is everyone's"),
                () -> assertEquals(operations | LEADS | NAMES, map.get(new Key(FILESYSTEM, 0, 0, (int) file.device(), 0)).operations()));
    }

    @Test
    void path_isKnownByItsNameToo_whoeverHasIt() throws IOException {
        make("a/there");
        FileId directory = id("a");
        Map<Key, Value> map = compile("{ name = one, paths = [ \"" + folder.resolve("a/there") + "\", \"" + folder.resolve("a/missing")
                + "\" ], operations = write }");
        assertAll(
                () -> assertEquals(new Value((int) (NameHash.of("there".getBytes(UTF_8)) >>> 32), 5, 1 << 1 | ALWAYS, NAMED, ENFORCED, 0),
                        map.get(name(directory, "there"))),
                () -> assertEquals(NAMED, map.get(name(directory, "missing")).coverage()),
                () -> assertEquals(new Value(StatFiles.GENERATION, 0, 0, NAMED, 0, 0), map.get(object(directory, 0)), "where to look"),
                () -> assertTrue(map.containsKey(above("a"))));
    }

    @Test
    void missingName_isToldToStatus_andNoObject() throws IOException {
        Path missing = folder.resolve("missing");
        CompiledPolicy policy = compiled("rules = [ { name = one, path = \"" + missing + "\", operations = create } ]");
        assertAll(() -> assertEquals(List.of(missing), policy.absent()), () -> assertEquals(0, policy.objects()));
    }

    @Test
    void descriptors_areAskedAboutOnlyWhereThePolicySaysSo() throws IOException {
        make("file");
        String rule = "rules = [ { name = one, path = \"" + folder.resolve("file") + "\", operations = read } ]";
        assertAll(
                () -> assertFalse(compiled(rule).hooks().contains(Hook.FILE_PERMISSION)),
                () -> assertTrue(compiled("old-descriptors = true, " + rule).hooks().contains(Hook.FILE_PERMISSION)));
    }

    @Test
    void tree_coversWhatLiesBelow_andWhatHasLostItsName() throws IOException {
        make("tree/file");
        FileId tree = id("tree");
        Map<Key, Value> map = compile("{ name = one, tree = \"" + folder.resolve("tree") + "\", operations = delete, mode = AUDIT }");
        int operations = 1 << 3 | ALWAYS;
        assertAll(
                () -> assertEquals(new Value(StatFiles.GENERATION, 5, operations, TREE, 0, 0), map.get(object(tree, 0))),
                () -> assertEquals(new Value(0, 5, operations, TREE, 0, 0),
                        map.get(new Key(OBJECT, 0, 0, (int) tree.device(), 0))),
                () -> assertTrue(map.containsKey(above("tree")), "moving the root away is moving the tree"));
    }

    @Test
    void reading_isNotRedirected_soNothingAboveIsKept() throws IOException {
        make("tree/file");
        Map<Key, Value> map = compile("{ name = one, tree = \"" + folder.resolve("tree") + "\", operations = read }");
        assertAll(
                () -> assertTrue(map.keySet().stream().noneMatch(key -> key.kind() == ABOVE)),
                () -> assertEquals(1 | ALWAYS, map.get(new Key(FILESYSTEM, 0, 0, (int) id("tree").device(), 0)).operations()));
    }

    @Test
    void tree_withHardLinkedFile_protectsTheFileItself() throws IOException {
        FileId linked = make("tree/deep/linked");
        make("tree/single");
        Files.createLink(folder.resolve("outside"), folder.resolve("tree/deep/linked"));
        Map<Key, Value> map = compile("{ name = one, tree = \"" + folder.resolve("tree") + "\", operations = write }");
        assertAll(
                () -> assertEquals(SELF, map.get(object(linked, 0)).coverage()),
                () -> assertNull(map.get(object(id("tree/single"), 0))));
    }

    @Test
    void search_forHardLinks_saysWhenItEndedEarly() throws IOException {
        make("tree/a");
        make("tree/b");
        String rule = "{ name = one, tree = \"" + folder.resolve("tree") + "\", operations = write }";
        assertAll(
                () -> assertTrue(compiled("link-scan = 2, rules = [ " + rule + " ]").incomplete().isEmpty()),
                () -> assertEquals(List.of(folder.resolve("tree")),
                        List.copyOf(compiled("link-scan = 1, rules = [ " + rule + " ]").incomplete())));
    }

    @Test
    void object_ofManyRules_hasAPageForEach() throws IOException {
        FileId file = make("file");
        String path = "path = \"" + folder.resolve("file") + "\"";
        Map<Key, Value> map = compile("{ name = one, " + path + ", operations = read }, { name = two, " + path
                + ", operations = write }, { name = three, " + path + ", operations = link }");
        List<Integer> rules = new ArrayList<>();
        List<Integer> more = new ArrayList<>();
        for (int page = 0; page < 3; page++) {
            rules.add(map.get(object(file, page)).rule());
            more.add(map.get(object(file, page)).more());
        }
        assertAll(
                () -> assertEquals(List.of(5, 6, 7), rules),
                () -> assertEquals(List.of(1, 1, 0), more),
                () -> assertFalse(map.containsKey(object(file, 3))));
    }

    @Test
    void subjects_areExecutablesUidsAndBoth() throws IOException {
        FileId vault = make("vault");
        FileId file = make("file");
        String executable = "executable = \"" + folder.resolve("vault") + "\"";
        Map<Key, Value> map = compile("{ name = one, path = \"" + folder.resolve("file") + "\", operations = read, allow = [ {"
                + executable + "}, { uid = 7 }, {" + executable + ", uid = 8 } ] }");
        assertAll(
                () -> assertEquals(ENFORCED | 1 << 1 | 1 << 2 | 1 << 3, map.get(object(file, 0)).traits()),
                () -> assertEquals(StatFiles.GENERATION,
                        map.get(new Key(SUBJECT, 5, vault.inode(), (int) vault.device(), ANY_UID)).generation()),
                () -> assertTrue(map.containsKey(new Key(SUBJECT, 5, vault.inode(), (int) vault.device(), 8))),
                () -> assertTrue(map.containsKey(new Key(SUBJECT, 5, 0, 0, 7))),
                () -> assertFalse(map.containsKey(new Key(SUBJECT, 5, vault.inode(), (int) vault.device(), 7))));
    }

    /** struct file_guard_term. */
    private record Term(int kind, long value, int more, int place) {}

    @Test
    void entriesOfMore_areTermsOneAfterTheOther() throws IOException {
        FileId vault = make("vault");
        FileId file = make("file");
        String executable = "executable = \"" + folder.resolve("vault") + "\"";
        CompiledPolicy policy = compiled("rules = [ { name = one, path = \"" + folder.resolve("file") + "\", operations = read, allow = [ { "
                + executable + ", uid = 1, gid = 4294967294 }, { uid = 7 }, { uid = 2, until = \"2026-11-22T02:00:00.5+01:00\" }, { uid = 3, until = \"2026-01-01T00:00Z\" } ] } ]");
        List<Term> terms = new ArrayList<>();
        PolicyEntries.Table table = policy.table();
        for (int i = 0; i < table.count(); i++) {
            int key = i * PolicyEntries.KEY_SIZE;
            int value = i * PolicyEntries.VALUE_SIZE;
            if (table.keys().getInt(key) == TERM) {
                assertEquals(5, table.keys().getInt(key + 4), "the rule");
                assertEquals(terms.size(), table.keys().getLong(key + 8), "in order, without a gap");
                terms.add(new Term(table.values().getShort(value + 12), table.values().getLong(value), table.values().getInt(value + 8),
                        table.values().getShort(value + 14)));
            }
        }
        Map<Key, Value> map = read(table);
        assertAll(
                () -> assertEquals(List.of(
                        new Term(1, vault.inode(), (int) vault.device(), 0), new Term(2, StatFiles.GENERATION, 0, 0), new Term(3, 1, 0, 0),
                        new Term(4, 4294967294L, 0, 1),
                        new Term(3, 2, 0, 0), new Term(6, 3_600_500_000_000L, 0, 1),
                        new Term(3, 3, 0, 0), new Term(6, 0, 0, 3)), terms),
                () -> assertEquals(ENFORCED | 1 << 2 | BY_TERMS, map.get(object(file, 0)).traits(), "the plain one is a key"),
                () -> assertTrue(map.containsKey(new Key(SUBJECT, 5, 0, 0, 7))));
    }

    @Test
    void effects_areTraits() throws IOException {
        FileId file = make("file");
        String path = "path = \"" + folder.resolve("file") + "\", operations = read";
        Map<Key, Value> map = compile("{ name = one, effect = kill, " + path + " }, { name = two, effect = audit, " + path
                + " }, { name = three, effect = kill, mode = AUDIT, " + path + " }, { name = four, effect = deny, " + path + " }");
        assertEquals(List.of(ENFORCED | KILLS, 0, 0, ENFORCED),
                List.of(0, 1, 2, 3).stream().map(page -> map.get(object(file, page)).traits()).toList());
    }

    @Test
    void unknownCgroup_isToldAtItsLine() throws IOException {
        make("file");
        ConfigurationException e = assertThrows(ConfigurationException.class, () -> compiled("rules = [ { name = one, path = \""
                + folder.resolve("file") + "\", operations = read,\nallow = [ { cgroup = /no/such/cgroup } ] } ]"));
        assertAll(
                () -> assertTrue(e.getMessage().contains("rules[0].allow[0].cgroup is /no/such/cgroup, which is no cgroup"), e.getMessage()),
                () -> assertTrue(e.place().endsWith("guard.conf:2"), e.place()));
    }

    @Test
    void glob_becomesTheFilesThatMatchNow() throws IOException {
        FileId one = make("conf/one.conf");
        FileId hidden = make("conf/.hidden.conf");
        FileId other = make("conf/other");
        Map<Key, Value> map = compile("{ name = one, glob = \"" + folder.resolve("co?f") + "/*.conf\", operations = write }");
        assertAll(
                () -> assertEquals(SELF, map.get(object(one, 0)).coverage()),
                () -> assertEquals(SELF, map.get(object(hidden, 0)).coverage()),
                () -> assertNull(map.get(object(other, 0))),
                () -> assertTrue(map.containsKey(above("conf"))));
    }

    @Test
    void symbolicLink_standsForItsTarget() throws IOException {
        FileId target = make("real/file");
        Files.createSymbolicLink(folder.resolve("link"), folder.resolve("real/file"));
        Map<Key, Value> map = compile("{ name = one, path = \"" + folder.resolve("link") + "\", operations = write }");
        assertAll(
                () -> assertTrue(map.containsKey(object(target, 0))),
                () -> assertTrue(map.containsKey(above("real"))));
    }

    @Test
    void missingPath_isToldAtItsLine() throws IOException {
        make("there");
        for (String missing : List.of("no/file", "there/file")) {
            ConfigurationException e = assertThrows(ConfigurationException.class, () -> compiled("""
                    rules = [
                      { name = one, paths = [ "%s",
                          "%s" ], operations = read }
                    ]""".formatted(folder.resolve("there"), folder.resolve(missing))));
            assertAll(
                    () -> assertTrue(e.getMessage().contains(folder.resolve(missing) + ", which leads to no file"), e.getMessage()),
                    () -> assertTrue(e.place().endsWith("guard.conf:2"), e.place()));
        }
    }

    @Test
    void missingTreeOrProgram_isToldToo() throws IOException {
        make("there");
        String missing = folder.resolve("nothing").toString();
        for (String rule : List.of("tree = \"" + missing + "\"",
                "path = \"" + folder.resolve("there") + "\", allow = [ { executable = \"" + missing + "\" } ]")) {
            ConfigurationException e = assertThrows(ConfigurationException.class,
                    () -> compiled("rules = [ { name = one, operations = read, " + rule + " } ]"));
            assertTrue(e.getMessage().contains(missing + ", which leads to no file"), e.getMessage());
        }
    }

    @Test
    void treeOfAFile_isRefused() throws IOException {
        make("file");
        ConfigurationException e = assertThrows(ConfigurationException.class,
                () -> compiled("rules = [ { name = one, tree = \"" + folder.resolve("file") + "\", operations = read } ]"));
        assertTrue(e.getMessage().contains("which is no directory"), e.getMessage());
    }

    @Test
    void hardLinkThatVanishes_isPassedOver() throws IOException {
        make("tree/linked");
        Files.createLink(folder.resolve("outside"), folder.resolve("tree/linked"));
        files.before = () -> {
            try {
                Files.deleteIfExists(folder.resolve("tree/linked"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        Map<Key, Value> map = compile("{ name = one, tree = \"" + folder.resolve("tree") + "\", operations = write }");
        assertTrue(map.containsKey(object(id("tree"), 0)));
    }

    @Test
    void manyPaths_areAskedForAtOnce() throws IOException {
        StringBuilder paths = new StringBuilder();
        Files.createDirectory(folder.resolve("many"));
        for (int i = 0; i < 1000; i++) {
            paths.append('"').append(Files.createFile(folder.resolve("many/" + i))).append("\" ,");
        }
        paths.setLength(paths.length() - 1);
        CompiledPolicy policy = compiled("rules = [ { name = many, paths = [" + paths + "], operations = write } ]");
        assertAll(
                () -> assertEquals(1, files.questions),
                () -> assertEquals(1000, policy.objects()));
    }

    private FileId make(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, name);
        return id(name);
    }

    private FileId id(String name) {
        return new StatFiles().identify(List.of(folder.resolve(name))).getFirst();
    }

    private static Key object(FileId id, int page) {
        return new Key(OBJECT, page, id.inode(), (int) id.device(), 0);
    }

    private static Key name(FileId directory, String name) {
        return new Key(NAME, 0, directory.inode(), (int) directory.device(), (int) NameHash.of(name.getBytes(UTF_8)));
    }

    private Key above(String name) {
        return new Key(ABOVE, 0, id(name).inode(), (int) id(name).device(), 0);
    }

    private CompiledPolicy compiled(String hocon) throws IOException {
        return PolicyCompiler.compile(Policy.read(Conf.settings(folder, hocon)), files, 5, BOOT);
    }

    private Map<Key, Value> compile(String rules) throws IOException {
        return read(compiled("rules = [ " + rules + " ]").table());
    }

    private static Map<Key, Value> read(PolicyEntries.Table table) {
        ByteBuffer keys = table.keys();
        ByteBuffer values = table.values();
        Map<Key, Value> map = new HashMap<>();
        for (int i = 0; i < table.count(); i++) {
            Value old = map.put(new Key(keys.getInt(), keys.getInt(), keys.getLong(), keys.getInt(), keys.getInt()),
                    new Value(values.getInt(), values.getInt(), Short.toUnsignedInt(values.getShort()), values.get(),
                            values.get(), values.getInt()));
            assertNull(old, "each key once");
        }
        assertEquals(table.count(), map.size());
        return map;
    }
}
