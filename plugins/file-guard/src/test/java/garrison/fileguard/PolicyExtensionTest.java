// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.FileId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a policy becomes when a mount comes: more of the same, and for nobody less. Mount points are folders that are said to be some. */
class PolicyExtensionTest {
    private static final int RULE = 5;

    private final StatFiles files = new StatFiles();

    @TempDir
    Path temporary;
    Path folder;
    Path point;
    Path program;

    @BeforeEach
    void makeFiles() throws IOException {
        folder = temporary.toRealPath();
        point = Files.createDirectories(folder.resolve("tree/point"));
        program = Files.createFile(folder.resolve("program"));
        Files.createFile(folder.resolve("object"));
    }

    private CompiledPolicy compiled() throws IOException {
        return PolicyCompiler.compile(Policy.read(Conf.settings(folder, """
                rules = [
                  { name = tree, tree = "%1$s/tree", operations = [ read, write ], events-per-second = 9, owner = 4711
                    allow = [ { executable = "%1$s/program" }, { uid = 7 }, { gid = 8 } ] }
                  { name = object, paths = [ "%1$s/object", "%1$s/missing" ], operations = write, effect = kill }
                  { name = types, file-systems = [ no-such, fuse.no-such ], operations = read } ]
                """.formatted(folder))), files, RULE, Instant.EPOCH);
    }

    private Optional<CompiledPolicy> extended(CompiledPolicy before, Path... points) throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1));
        for (Path each : points) {
            lines.add("9999 1 0:99 / " + each + " rw - tmpfs tmpfs rw");
        }
        return PolicyExtension.of(before, files, Mounts.parse(lines));
    }

    private FileId id(Path path) {
        return files.identify(List.of(path)).getFirst();
    }

    @Test
    void mountsThatMeanNothing_extendNothing() throws IOException {
        assertAll(
                () -> assertEquals(Optional.empty(), extended(compiled())),
                () -> assertEquals(Optional.empty(), extended(compiled(), Files.createDirectory(folder.resolve("elsewhere")))));
    }

    @Test
    void mountBelowATree_isATreeOfTheSameRule_andIsKnownThen() throws IOException {
        CompiledPolicy before = compiled();
        CompiledPolicy after = extended(before, point).orElseThrow();
        PolicyTable was = new PolicyTable(before.table());
        PolicyTable is = new PolicyTable(after.table());
        assertAll(
                () -> assertEquals(Optional.empty(), was.object(id(point), 0)),
                () -> assertEquals(was.object(id(folder.resolve("tree")), 0), is.object(id(point), 0)),
                () -> assertEquals(point, after.places().get(PlaceKey.of(RULE, id(point)))),
                () -> assertEquals(before.objects() + 1, after.objects()),
                () -> assertEquals(1, after.mounts().added()),
                () -> assertEquals(List.of(point), after.mounts().latest()),
                () -> assertEquals(Optional.empty(), extended(after, point)),
                () -> assertEquals(Optional.empty(), extended(after), "nor when it goes"));
    }

    @Test
    void whatTheRulesSay_andWhoMay_staysAsItWas_thoughProgramsAreOthersByNow() throws IOException {
        CompiledPolicy before = compiled();
        FileId old = id(program);
        FileId object = id(folder.resolve("object"));
        Files.move(Files.createFile(folder.resolve("other")), program, StandardCopyOption.REPLACE_EXISTING);
        Files.delete(folder.resolve("object"));
        PolicyTable was = new PolicyTable(before.table());
        PolicyTable is = new PolicyTable(extended(before, point).orElseThrow().table());
        assertAll(
                () -> assertTrue(is.lets(RULE, old, PolicyEntries.ANY_UID)),
                () -> assertFalse(is.lets(RULE, id(program), PolicyEntries.ANY_UID)),
                () -> assertTrue(is.lets(RULE, 7)),
                () -> assertEquals(was.term(RULE, 0), is.term(RULE, 0)),
                () -> assertEquals(Optional.of(4711), is.owner(RULE)),
                () -> assertEquals(was.object(object, 0), is.object(object, 0), "what was protected is, wherever it went"));
    }

    @Test
    void mountOverADirectoryAbove_isWhereThePlacesAre() throws IOException {
        CompiledPolicy before = compiled();
        Files.move(folder.resolve("object"), folder.resolve("was"));
        FileId was = id(folder.resolve("was"));
        Files.createFile(folder.resolve("object"));
        PolicyTable after = new PolicyTable(extended(before, folder).orElseThrow().table());
        assertAll(
                () -> assertTrue(after.object(was, 0).isPresent(), "below the mount"),
                () -> assertEquals(after.object(was, 0), after.object(id(folder.resolve("object")), 0)));
    }

    @Test
    void tableReadBack_isTheSameTable() throws IOException {
        PolicyEntries.Table table = compiled().table();
        assertEquals(entries(table), entries(PolicyEntries.of(table).table()));
    }

    private static List<String> entries(PolicyEntries.Table table) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < table.count(); i++) {
            byte[] key = new byte[PolicyEntries.KEY_SIZE];
            byte[] value = new byte[PolicyEntries.VALUE_SIZE];
            table.keys().get(i * PolicyEntries.KEY_SIZE, key);
            table.values().get(i * PolicyEntries.VALUE_SIZE, value);
            all.add(HexFormat.of().formatHex(key) + "=" + HexFormat.of().formatHex(value));
        }
        return all.stream().sorted().toList();
    }
}
