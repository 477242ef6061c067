// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Operation;
import garrison.spi.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the programs remember of directories is forgotten when it is no longer so, at once. */
class MemoryTest extends GuardedTest {
    private static final int MANY = 200;

    private final Path scratch = Guest.scratch("memory");
    private int scenes;
    private Path outside;
    private Path tree;

    @BeforeEach
    void makeScene() throws IOException {
        Path scene = scratch.resolve("scene-" + scenes++);
        outside = Files.createDirectories(scene.resolve("outside"));
        tree = Files.createDirectories(scene.resolve("tree"));
    }

    /** Only writing is refused in it, so names may come. */
    private void guardTree() {
        guard.reload(new Policy(Mode.ENFORCE).rule("tree", Attack.Rule.TREE, tree, Operation.WRITE));
    }

    private static Path file(Path directory, String name) throws IOException {
        return Files.createFile(Files.createDirectories(directory).resolve(name));
    }

    /** Twice: what the first one remembers the second one is told. */
    private static void written(Path file) throws IOException {
        for (int i = 0; i < 2; i++) {
            Files.newByteChannel(file, StandardOpenOption.WRITE).close();
        }
    }

    private static void refused(Path file) {
        for (int i = 0; i < 2; i++) {
            assertThrows(FileSystemException.class, () -> Files.newByteChannel(file, StandardOpenOption.WRITE).close(), file::toString);
        }
    }

    @Test
    void directoryMovedIntoATree_isCoveredAtOnce_howeverDeepTheFile() throws IOException {
        Path file = file(outside.resolve("a/b/c"), "file");
        guardTree();
        written(file);
        Files.move(outside.resolve("a"), tree.resolve("a"));
        refused(tree.resolve("a/b/c/file"));
    }

    @Test
    void directoriesMovedOneAfterTheOther_whileOthersMoveAndOpen_areEachCovered() throws Exception {
        List<Path> names = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            names.add(Path.of("d" + i));
            file(outside.resolve("d" + i + "/e"), "file");
        }
        Path noisy = file(outside.resolve("noise"), "one");
        guardTree();
        Thread mover = Thread.ofPlatform().daemon().start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                move(noisy, noisy.resolveSibling("two"));
                move(noisy.resolveSibling("two"), noisy);
            }
        });
        Thread opener = Thread.ofPlatform().daemon().start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                names.forEach(name -> open(outside.resolve(name).resolve("e/file")));
            }
        });
        for (Path name : names) {
            written(outside.resolve(name).resolve("e/file"));
            Files.move(outside.resolve(name), tree.resolve(name));
            refused(tree.resolve(name).resolve("e/file"));
        }
        for (Thread thread : List.of(mover, opener)) {
            thread.interrupt();
            thread.join();
        }
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void open(Path file) {
        try {
            Files.newByteChannel(file).close();
        } catch (FileSystemException e) {
            return; // moved meanwhile
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void policyThatCoversMore_coversItAtOnce_andOneThatCoversLessNoLonger() throws IOException {
        Path file = file(outside.resolve("a/b"), "file");
        for (int i = 0; i < 3; i++) {
            guardTree();
            written(file);
            guard.reload(new Policy(Mode.ENFORCE).rule("outside", Attack.Rule.TREE, outside, Operation.WRITE));
            refused(file);
            guard.reload(new Policy(Mode.ENFORCE).rule("file", Attack.Rule.OBJECT, file, Operation.WRITE));
            refused(file);
        }
    }

    @Test
    void directoryMadeAnewInATree_isCovered_whateverWasWhereItsInodeIsNow() throws IOException {
        guardTree();
        for (int i = 0; i < MANY; i++) {
            Path file = file(outside.resolve("short"), "file");
            written(file);
            Files.delete(file);
            Files.delete(file.getParent());
            Path inside = Files.createDirectory(tree.resolve("d" + i)).resolve("file");
            Files.move(file(outside, "file"), inside);
            refused(inside);
        }
    }

    @Test
    void filesBesideAProtectedOne_arePassed_andItIsNot_whicheverWasLookedAtFirst() throws IOException {
        List<Path> beside = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            beside.add(file(outside, "file" + i));
        }
        Path held = file(outside, "held");
        Path missing = outside.resolve("missing");
        guard.reload(new Policy(Mode.ENFORCE).rule("held", Attack.Rule.OBJECT, held, Operation.WRITE, Operation.DELETE, Operation.RENAME)
                .rule("missing", Attack.Rule.OBJECT, missing, Operation.CREATE));
        for (Path file : beside) {
            written(file);
        }
        refused(held);
        assertThrows(FileSystemException.class, () -> Files.createFile(missing));
        assertThrows(FileSystemException.class, () -> Files.createDirectory(missing));
        assertThrows(FileSystemException.class, () -> Files.move(beside.getFirst(), missing));
        assertThrows(FileSystemException.class, () -> Files.createLink(missing, beside.getFirst()));
        assertThrows(FileSystemException.class, () -> Files.move(held, outside.resolve("other")));
        assertThrows(FileSystemException.class, () -> Files.delete(held));
        // By another of its names, in a directory of which nothing is known.
        Path elsewhere = Files.createDirectories(tree.resolve("elsewhere"));
        Path other = file(elsewhere, "other");
        written(other);
        assertThrows(FileSystemException.class, () -> Files.move(other, held, StandardCopyOption.REPLACE_EXISTING));
        assertEquals(MANY + 1, Files.list(outside).count());
    }

    /** By program and by user; and nobody any more under a policy that no longer lets him. */
    @Test
    void whomARuleLetsThrough_passesAgainAndAgain_andNobodyElseByThat() throws IOException {
        Path held = file(outside, "held");
        Files.setAttribute(held, "unix:mode", 0666);
        AttackProgram program = new AttackProgram(Files.copy(Guest.attacks().file(), tree.resolve("program")));
        Supplier<Policy> allowing = () -> policy(held, "{ executable = \"" + program.file() + "\" }, { uid = 4711 }");
        for (int round = 0; round < 3; round++) {
            guard.reload(allowing.get());
            for (int i = 0; i < 3; i++) {
                assertEquals(0, program.run("open-write", held.toString()).exit());
                assertEquals(0, Guest.attacks().run("--uid", "4711", "open-write", held.toString()).exit());
                assertTrue(Guest.attacks().run("open-write", held.toString()).denied());
                assertTrue(Guest.attacks().run("--uid", "4712", "open-write", held.toString()).denied());
                refused(held);
            }
            guard.reload(policy(held, "{ uid = 4712 }"));
            assertTrue(program.run("open-write", held.toString()).denied());
            assertTrue(Guest.attacks().run("--uid", "4711", "open-write", held.toString()).denied());
            assertEquals(0, Guest.attacks().run("--uid", "4712", "open-write", held.toString()).exit());
        }
        // Read by whoever may read, and not written by that.
        guard.reload(new Policy(Mode.ENFORCE).rule("held", Attack.Rule.TREE, outside, Operation.WRITE));
        for (int i = 0; i < 3; i++) {
            Files.newByteChannel(held).close();
        }
        refused(held);
    }

    private static Policy policy(Path held, String allow) {
        return new Policy(Mode.ENFORCE).rule("held", Attack.Rule.OBJECT, List.of(held), List.of(Operation.WRITE), "allow = [ " + allow + " ]");
    }

    @Test
    void directoryOnTheWayToAProtectedPlace_doesNotGoAway_thoughItsSurroundingsAreClear() throws IOException {
        Path held = file(outside.resolve("a/b"), "held");
        Path beside = file(outside, "beside");
        guard.reload(new Policy(Mode.ENFORCE).rule("held", Attack.Rule.OBJECT, held, Operation.WRITE, Operation.RENAME));
        written(beside);
        Path gone = outside.resolve("gone");
        assertThrows(FileSystemException.class, () -> Files.move(outside.resolve("a"), gone));
        assertThrows(FileSystemException.class, () -> Files.move(outside.resolve("a/b"), gone));
        Files.move(beside, gone);
    }
}
