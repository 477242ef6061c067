// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.Report;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.spi.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Paths as long as the kernel takes them and longer, deep trees, names of any bytes, very many objects. Each with its twin. */
class ExtremesTest extends GuardedTest {
    /** The longest that a system call takes: PATH_MAX counts the NUL. */
    private static final int LONGEST_PATH = 4_095;
    private static final int LONGEST_NAME = 255;
    private static final int LEVELS = 200;
    private static final int FOLDERS = 100;
    /** What a million takes; the files in memory are most of it. */
    private static final long MUCH_MEMORY = 7L << 20;

    private final Path scratch = Guest.scratch("extremes");
    private final int objects = !Guest.isLong() ? 20_000 : memory("MemTotal:") > MUCH_MEMORY ? 1_000_000 : 200_000;

    private void protect(Attack.Rule kind, Path place) {
        guard.reload(new Policy(Mode.ENFORCE).rule("rule", kind, place, Operation.WRITE, Operation.DELETE));
    }

    private void nothing() {
        guard.reload(new Policy(Mode.ENFORCE));
    }

    /** A directory whose path has so many bytes. */
    private static Path directory(Path start, int bytes) throws IOException {
        Path at = start;
        while (length(at) < bytes) {
            // A slash and at least one byte must be left for a next name.
            int left = bytes - length(at) - 1;
            int name = left > LONGEST_NAME + 2 ? LONGEST_NAME : left > LONGEST_NAME ? LONGEST_NAME - 2 : left;
            at = at.resolve("n".repeat(name));
        }
        assertEquals(bytes, length(at));
        return Files.createDirectories(at);
    }

    private static int length(Path path) {
        return path.toString().getBytes(UTF_8).length;
    }

    /** Written without the rule, refused and told by its whole path with it. */
    private void assertHeld(Attack.Rule kind, Path place, Path file) throws IOException {
        nothing();
        assertEquals(0, Guest.attacks().run("open-write", file.toString()).exit(), "without");
        protect(kind, place);
        Outcome refused = Guest.attacks().run("open-write", file.toString());
        assertTrue(refused.denied(), refused::toString);
        guard.settle();
        assertEquals(List.of(file.toString()), guard.reports(refused.pid()).stream().map(Report::path).toList());
    }

    @Test
    void pathOf4095Bytes_isHeldByItselfAndInATree_andToldWhole() throws IOException {
        Path top = Files.createDirectory(scratch.resolve("long"));
        Path file = directory(top, LONGEST_PATH - 5).resolve("file");
        Files.writeString(file, "text\n");
        assertEquals(LONGEST_PATH, length(file));
        assertHeld(Attack.Rule.OBJECT, file, file);
        assertHeld(Attack.Rule.TREE, top, file);
    }

    /** Two halves, one moved below the other, and a shell that goes there by steps. */
    @Test
    void pathThatNoSystemCallTakes_isHeldAndToldWhole() throws IOException {
        Path top = Files.createDirectory(scratch.resolve("longer"));
        Path upper = directory(top, 4_000);
        Path lower = directory(Files.createDirectory(scratch.resolve("below")), 4_000);
        Files.writeString(lower.resolve("file"), "text\n");
        Files.move(scratch.resolve("below"), upper.resolve("below"));
        Path rest = scratch.relativize(lower);
        nothing();
        List<String> attack = List.of("sh", "-c", "cd -P \"$1\" && for name in $(echo \"$2\" | tr / ' '); do cd -P ./$name || exit 9; done;"
                + " echo more >file && echo through", "sh", upper.toString(), rest.toString());
        assertEquals("through\n", run(attack).out(), "without");
        protect(Attack.Rule.TREE, top);
        Command refused = run(attack);
        assertEquals("", refused.out(), refused::toString);
        assertTrue(refused.err().contains("not permitted"), refused::toString);
        guard.settle();
        String whole = upper.resolve(rest).resolve("file").toString();
        assertTrue(whole.length() > 7_900, whole.length() + " bytes");
        assertTrue(guard.all().stream().anyMatch(report -> report.path().equals(whole)), "told whole");
    }

    private static Command run(List<String> words) {
        return Command.run(Map.of(), words);
    }

    @Test
    void fileBelow200Directories_isHeldAndToldWhole_andItsNeighbourIsNot() throws IOException {
        Path top = Files.createDirectory(scratch.resolve("deep"));
        Path below = top.resolve(String.join("/", Collections.nCopies(LEVELS, "d")));
        Path file = Files.writeString(Files.createDirectories(below).resolve("file"), "text\n");
        Path neighbours = scratch.resolve("neighbours");
        Path neighbour = Files.createDirectories(neighbours.resolve(top.relativize(below))).resolve("file");
        Files.writeString(neighbour, "text\n");
        assertHeld(Attack.Rule.TREE, top, file);
        for (int i = 0; i < 3; i++) {
            assertEquals(0, Guest.attacks().run("open-write", neighbour.toString()).exit());
        }
        Files.move(neighbours, top.resolve("moved"));
        Path moved = top.resolve("moved").resolve(neighbours.relativize(neighbour));
        assertTrue(Guest.attacks().run("open-write", moved.toString()).denied(), "moved into the tree");
    }

    /** All bytes that a name may have, one in each. */
    @Test
    void namesOfAnyBytes_areHeldEach_andToldApart() throws IOException {
        Path top = Files.createDirectory(scratch.resolve("bytes"));
        List<Integer> bytes = IntStream.range(1, 256).filter(b -> b != '/').boxed().toList();
        String make = bytes.stream().map(b -> "printf text >\"$(printf 'a\\%03ob')\"".formatted(b)).collect(Collectors.joining("\n"));
        Path script = Files.writeString(scratch.resolve("make.sh"), "cd \"$1\" || exit 9\n" + make + "\n");
        Command.run("sh", script.toString(), top.toString()).success();
        List<String> attack = List.of("sh", "-c", "cd \"$1\" && for name in *; do (echo more >>\"$name\") 2>/dev/null && echo through; done; exit 0", "sh", top.toString());
        nothing();
        assertEquals(bytes.size(), run(attack).success().lines().count(), "without");
        protect(Attack.Rule.TREE, top);
        assertEquals("", run(attack).success());
        guard.settle();
        Set<String> told = guard.all().stream().map(Report::path).filter(path -> path.startsWith(top.toString()))
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> expected = bytes.stream().map(b -> top + "/a" + (b >= 0x80 || b == '\\' ? "\\x%02x".formatted(b) : Character.toString(b)) + "b")
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(expected, told);
    }

    @Test
    void veryManyObjects_areHeldEach_andTheirNeighboursAreNot() throws IOException {
        Path many = Files.createDirectory(scratch.resolve("many"));
        for (int i = 0; i < objects; i++) {
            Path folder = many.resolve("f" + i % FOLDERS);
            if (i < FOLDERS) {
                Files.createDirectory(folder);
                Files.writeString(folder.resolve("neighbour"), "text\n");
            }
            Files.createFile(folder.resolve("o" + i));
        }
        long free = memory("MemAvailable:");
        Policy policy = new Policy(Mode.ENFORCE).globs("many", many + "/*/o*", Operation.WRITE);
        Duration took = guard.reload(policy);
        System.out.println(objects + " objects: in force after " + took.toMillis() + " ms, " + (free - memory("MemAvailable:") >> 10) + " MiB less memory");
        assertTrue(Integer.parseInt(guard.garrison().status().plugins().getFirst().figures().get("protected objects and trees")) > objects);
        for (int i = 0; i < objects; i += objects / 1_000) {
            Path file = many.resolve("f" + i % FOLDERS + "/o" + i);
            assertThrows(FileSystemException.class, () -> Files.newByteChannel(file, StandardOpenOption.WRITE).close());
        }
        for (int i = 0; i < FOLDERS; i++) {
            Files.newByteChannel(many.resolve("f" + i + "/neighbour"), StandardOpenOption.WRITE).close();
        }
        Duration back = guard.reload(new Policy(Mode.ENFORCE));
        assertAll(() -> Files.newByteChannel(many.resolve("f0/o0"), StandardOpenOption.WRITE).close(),
                () -> assertTrue(back.toSeconds() < Guest.PATIENCE.toSeconds()));
    }

    /** Kilobytes. */
    private static long memory(String what) {
        try {
            return Files.readAllLines(Path.of("/proc/meminfo")).stream().filter(line -> line.startsWith(what))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
