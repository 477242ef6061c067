// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.Status.PluginStatus;
import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.Report;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.itests.attack.Scene;
import garrison.spi.EventListener;
import garrison.spi.Mode;
import garrison.spi.PluginChanged;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is mounted after the load is covered as if it had been there, with nobody reloading anything. */
class MountFollowTest extends GuardedTest {
    private static final String EXTENDED = "extended for mounts";
    /** Several times what the mounts must be still for. */
    private static final long IRRELEVANT_MILLIS = 3_000;

    private final Path scratch = Guest.scratch("mounts");
    private final AttackProgram attacks = Guest.attacks();
    private final List<Path> mounted = new ArrayList<>();
    private final List<PluginChanged> changes = new CopyOnWriteArrayList<>();
    private final EventListener listener = event -> {
        if (event instanceof PluginChanged change) {
            changes.add(change);
        }
    };
    private Scene scene;
    private int scenes;

    @BeforeEach
    void makeScene() {
        scene = Scene.make(scratch.resolve("scene-" + scenes++));
        changes.clear();
        guard.garrison().addListener(listener);
    }

    @AfterEach
    void unmountAll() {
        guard.garrison().removeListener(listener);
        guard.reload(new Policy(Mode.ENFORCE));
        mounted.reversed().forEach(point -> Command.run("umount", "-l", point.toString()));
        mounted.clear();
    }

    private Path mount(String type, Path point) {
        Command.run("mount", "-t", type, type, point.toString()).success();
        mounted.add(point);
        return point;
    }

    private void bind(Path from, Path point) {
        Command.run("mount", "--bind", from.toString(), point.toString()).success();
        mounted.add(point);
    }

    /** Who looks at what was mounted keeps it busy for a moment. */
    private static void unmount(Path point) {
        Guest.await(() -> point + " stays mounted", () -> Command.run("umount", point.toString()).exit() == 0);
    }

    /** Those who mount, and those who make files, may write. */
    private static String allowingTools() throws IOException {
        return Policy.allowing("executable = \"" + Path.of("/usr/bin/mount").toRealPath() + "\"",
                "executable = \"" + Path.of("/usr/bin/touch").toRealPath() + "\"");
    }

    private Policy tree(Path tree) throws IOException {
        return new Policy(Mode.ENFORCE).rule("tree", Attack.Rule.TREE, List.of(tree), List.of(Operation.WRITE), allowingTools());
    }

    private Outcome write(Path file) {
        return attacks.run("open-write", file.toString());
    }

    private void passes(Path file) {
        Outcome outcome = write(file);
        assertEquals(0, outcome.exit(), () -> file + ": " + outcome);
    }

    private void refused(Path file) {
        Outcome outcome = write(file);
        assertTrue(outcome.denied(), () -> file + ": " + outcome);
    }

    private void becomesRefused(Path file) {
        Guest.await(() -> file + " is not protected: " + status(), () -> write(file).denied());
    }

    private Outcome read(Path file) {
        return attacks.run("open-read", file.toString());
    }

    private PluginStatus status() {
        return guard.garrison().status().plugins().getFirst();
    }

    private void awaitExtended(String what) {
        Guest.await(() -> "no extension for " + what + ": " + status(), () -> status().figures().getOrDefault(EXTENDED, "").contains(what));
    }

    @Test
    void fileSystemMountedBelowATree_isPartOfIt_untilALoadWithoutIt() throws IOException {
        Path disk = mount("tmpfs", Files.createDirectory(scene.root().resolve("disk")));
        Path file = Files.writeString(disk.resolve("file"), "text\n");
        guard.reload(tree(scene.guarded()));
        passes(file);
        refused(scene.file());
        bind(disk, scene.empty());
        becomesRefused(scene.empty().resolve("file"));
        Outcome attack = write(scene.empty().resolve("file"));
        assertTrue(attack.denied(), attack::toString);
        guard.settle();
        assertEquals(List.of(scene.empty().resolve("file").toString()), guard.reports(attack.pid()).stream().map(Report::path).toList());
        assertEquals(List.of("tree"), guard.reports(attack.pid()).stream().map(Report::rule).toList());
        refused(file);
        assertTrue(status().figures().get(EXTENDED).contains(scene.empty().toString()), () -> status().toString());
        passes(scene.evil());

        unmount(scene.empty());
        refused(scene.file());
        refused(file);
        passes(scene.evil());
        guard.reload(tree(scene.guarded()));
        refused(scene.file());
        passes(file);
        assertFalse(status().figures().containsKey(EXTENDED));
    }

    @Test
    void newFileSystemsAtOnePointBelowATree_areCoveredOneAfterTheOther() throws IOException {
        guard.reload(tree(scene.guarded()));
        for (int round = 0; round < 5; round++) {
            Path file = mount("tmpfs", scene.empty()).resolve("file");
            Command.run("touch", file.toString()).success();
            becomesRefused(file);
            unmount(scene.empty());
            refused(scene.file());
        }
        // Gone and there again before anybody looks: the same place, the same numbers.
        mount("tmpfs", scene.empty());
        awaitExtended(scene.empty().toString());
        Path last = scene.empty().resolve("file");
        Command.run("sh", "-c", "umount " + scene.empty() + " && mount -t tmpfs tmpfs " + scene.empty() + " && touch " + last).success();
        becomesRefused(last);
    }

    /** The kernel knows the type by itself; what is followed is where it is mounted, and on what. */
    @Test
    void fileSystemOfANamedType_bringsTheWayToIt_whenItIsMounted() throws IOException {
        Path above = Files.createDirectories(scene.root().resolve("holder/above/point")).getParent();
        Path point = above.resolve("point");
        Path away = above.resolveSibling("away");
        guard.reload(new Policy(Mode.ENFORCE).rule("object", Attack.Rule.OBJECT, scene.file(), Operation.WRITE)
                .fileSystems("ramfs", "ramfs", Operation.DELETE));
        assertTrue(status().figures().containsValue("ramfs"), () -> status().toString());
        Files.move(above, away);
        Files.move(away, above);
        mount("ramfs", point);
        awaitExtended(point.toString());
        assertFalse(status().figures().containsValue("ramfs"), () -> status().toString());
        Outcome attack = attacks.run("rename", above.toString(), away.toString());
        assertTrue(attack.denied(), attack::toString);
        guard.settle();
        assertEquals(List.of("ramfs"), guard.reports(attack.pid()).stream().map(Report::rule).toList());
        Path file = Files.writeString(point.resolve("file"), "text\n");
        assertTrue(attacks.run("unlink", file.toString()).denied());
        refused(scene.file());
        passes(scene.other());
    }

    @Test
    void mountOverADirectoryAboveAFile_isWhereItsNameIs_andTheFileBelowStaysProtected() throws IOException {
        Path alias = Files.createDirectory(scene.root().resolve("alias"));
        bind(scene.guarded(), alias);
        guard.reload(new Policy(Mode.ENFORCE).rule("reading", Attack.Rule.OBJECT, scene.file(), Operation.READ));
        Path over = mount("tmpfs", scene.guarded()).resolve("file");
        awaitExtended(scene.guarded().toString());
        Files.writeString(over, "text\n");
        assertTrue(read(over).denied(), "the name");
        assertTrue(read(alias.resolve("file")).denied(), "the file, hidden but in one place");
        unmount(scene.guarded());
        assertTrue(read(scene.file()).denied());
    }

    /** Else whoever may replace a program, or make its cgroup anew, would let himself through by a mount. */
    @Test
    void whoIsLetThrough_isNotLookedUpAgain_forAMount() throws IOException {
        Path program = Files.copy(attacks.file(), scene.root().resolve("program"));
        Path tree = scene.guarded();
        guard.reload(new Policy(Mode.ENFORCE).rule("tree", Attack.Rule.TREE, List.of(tree), List.of(Operation.READ),
                Policy.allow(program, null)));
        Path mine = Files.copy(attacks.file(), scene.root().resolve("mine"));
        assertEquals(0, new AttackProgram(program).run("open-read", scene.file().toString()).exit());
        Files.move(program, scene.root().resolve("was"));
        Files.move(mine, program);
        assertTrue(new AttackProgram(program).run("open-read", scene.file().toString()).denied());
        mount("tmpfs", scene.empty());
        awaitExtended(scene.empty().toString());
        assertTrue(new AttackProgram(program).run("open-read", scene.file().toString()).denied());
        assertEquals(0, new AttackProgram(scene.root().resolve("was")).run("open-read", scene.file().toString()).exit());
    }

    @Test
    void mountElsewhere_changesNothing() throws Exception {
        guard.reload(tree(scene.guarded()));
        Guest.await("the event of the load", () -> changes.size() == 1);
        for (int i = 0; i < 5; i++) {
            unmount(mount("tmpfs", scene.outsideFolder()));
        }
        mount("tmpfs", scene.outsideFolder());
        // That nothing comes shows only in its not coming.
        Thread.sleep(IRRELEVANT_MILLIS);
        assertEquals(1, changes.size(), changes::toString);
        assertFalse(status().figures().containsKey(EXTENDED));
        mount("tmpfs", scene.empty());
        awaitExtended(scene.empty().toString());
        Guest.await("the event of the extension", () -> changes.size() == 2);
        assertTrue(status().figures().get(EXTENDED).contains("1 in all"), () -> status().toString());
    }

    /** A mode that was switched by hand is not switched back by a mount. */
    @Test
    void modeSwitchedByHand_staysWhenAMountComes() throws IOException {
        guard.reload(tree(scene.guarded()));
        guard.garrison().mode(EmbeddedGuard.PLUGIN, Mode.AUDIT);
        Path file = mount("tmpfs", scene.empty()).resolve("file");
        awaitExtended(scene.empty().toString());
        Files.writeString(file, "text\n");
        passes(file);
        passes(scene.file());
        guard.garrison().mode(EmbeddedGuard.PLUGIN, Mode.ENFORCE);
        refused(file);
    }

    @Test
    void mountsWhileOthersReload_andStop_deadlockNothing_andLeaveNoThread() throws Exception {
        AtomicBoolean enough = new AtomicBoolean();
        Thread mounter = Thread.ofPlatform().daemon().start(() -> {
            while (!enough.get()) {
                Command.run("mount", "-t", "tmpfs", "tmpfs", scene.empty().toString());
                Command.run("umount", scene.empty().toString());
            }
        });
        for (int i = 0; i < 20; i++) {
            guard.reload(tree(scene.guarded()));
        }
        guard.close();
        enough.set(true);
        mounter.join();
        Command.run("umount", scene.empty().toString());
        Guest.await("the ends of the threads", () -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> List.of("garrison-mounts", "garrison-change").contains(thread.getName())));
        guard = EmbeddedGuard.start();
    }
}
