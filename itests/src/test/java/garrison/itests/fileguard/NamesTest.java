// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.Report;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.AttackServer;
import garrison.itests.attack.Filesystem;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.itests.attack.Scene;
import garrison.spi.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;

/**
 * A rule for a path knows its name too: what comes under it after the policy is protected at once, whoever may put it there, and
 * so is a name that no file has yet.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NamesTest {
    private static final Set<Operation> MAKING = Set.of(Operation.CREATE);
    private static final Set<Operation> WRITING = Set.of(Operation.WRITE);
    private static final Filesystem.Kind KIND = Filesystem.Kind.TMPFS;

    /**
     * @param by what the program that is allowed to does first, once the policy is in force
     * @param rule what the rule lists
     * @param command the attack
     */
    private record Way(String name, Operation operation, Operation told, Function<Scene, Path> place,
            Function<Scene, List<List<Object>>> by, Set<Operation> rule, Function<Scene, List<Object>> command,
            Predicate<Scene> effect) {}

    private record Tried(Way way, Scene scene, Outcome outcome, boolean before, boolean after) {}

    private final Path scratch = Guest.scratch("names");
    private final Path allowed = scratch.resolve("allowed");
    private AttackServer attacker;
    private AttackServer keeper;
    private EmbeddedGuard guard;
    private Matrix matrix;
    private int campaigns;

    @BeforeAll
    void start() throws IOException {
        attacker = new AttackServer(Guest.attacks());
        keeper = new AttackServer(new AttackProgram(Files.copy(Guest.attacks().file(), allowed)));
        matrix = Matrix.of(getClass());
        guard = EmbeddedGuard.start();
    }

    @AfterAll
    void stop() {
        guard.close();
        keeper.close();
        attacker.close();
    }

    private static List<List<Object>> replaced(Scene s) {
        return List.of(List.of("replace", s.fresh(), s.file()));
    }

    private static List<List<Object>> madeAnew(Scene s) {
        return List.of(List.of("unlink", s.file()), List.of("open-create", s.file()));
    }

    private static boolean there(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isEmpty(Path file) {
        try {
            return Files.size(file) == 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Way onNew(String name, Operation operation, Operation told, Set<Operation> rule,
            Function<Scene, List<Object>> command, Predicate<Scene> effect) {
        return new Way("replaced-then-" + name, operation, told, Scene::file, NamesTest::replaced, rule, command, effect);
    }

    private static Way missing(String name, Operation told, Set<Operation> rule, Function<Scene, List<Object>> command) {
        return new Way("missing-" + name, rule.iterator().next(), told, Scene::fresh, s -> List.of(), rule, command,
                s -> there(s.fresh()));
    }

    private static List<Way> ways() {
        return List.of(
                onNew("write", Operation.WRITE, Operation.WRITE, WRITING, s -> List.of("open-truncate", s.file()),
                        s -> isEmpty(s.file())),
                new Way("remade-then-write", Operation.WRITE, Operation.WRITE, Scene::file, NamesTest::madeAnew, WRITING,
                        s -> List.of("open-truncate", s.file()), s -> isEmpty(s.file())),
                onNew("truncate", Operation.WRITE, Operation.WRITE, WRITING, s -> List.of("truncate", s.file()),
                        s -> sizeIs(s.file(), 3)),
                onNew("rename-over", Operation.WRITE, Operation.RENAME, WRITING, s -> List.of("rename", s.evil(), s.file()),
                        s -> !there(s.evil())),
                onNew("unlink", Operation.DELETE, Operation.DELETE, Set.of(Operation.DELETE), s -> List.of("unlink", s.file()),
                        s -> !there(s.file())),
                onNew("chmod", Operation.ATTRIBUTES, Operation.ATTRIBUTES, Set.of(Operation.ATTRIBUTES),
                        s -> List.of("chmod", s.file()), s -> Files.isExecutable(s.file())),
                // Known by its name alone, it would be known no more: whatever the rule lists.
                onNew("link-out", Operation.WRITE, Operation.LINK, WRITING,
                        s -> List.of("link", s.file(), s.outsideFresh()), s -> there(s.outsideFresh())),
                onNew("rename-away", Operation.WRITE, Operation.RENAME, WRITING,
                        s -> List.of("rename", s.file(), s.outsideFresh()), s -> there(s.outsideFresh())),
                missing("create", Operation.CREATE, MAKING, s -> List.of("open-create", s.fresh())),
                missing("uring-create", Operation.CREATE, MAKING, s -> List.of("uring-create", s.fresh())),
                missing("mkdir", Operation.CREATE, MAKING, s -> List.of("mkdir", s.fresh())),
                missing("mknod", Operation.CREATE, WRITING, s -> List.of("mknod-fifo", s.fresh())),
                missing("symlink", Operation.CREATE, WRITING, s -> List.of("symlink", s.evil(), s.fresh())),
                missing("link", Operation.LINK, WRITING, s -> List.of("link", s.evil(), s.fresh())),
                missing("tmpfile-link", Operation.LINK, MAKING, s -> List.of("tmpfile-link", s.outside(), s.fresh())),
                missing("rename", Operation.RENAME, WRITING, s -> List.of("rename", s.evil(), s.fresh())),
                missing("rename-within", Operation.RENAME, WRITING, s -> List.of("rename", s.other(), s.fresh())));
    }

    private static boolean sizeIs(Path file, long size) {
        try {
            return Files.size(file) == size;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @TestFactory
    Stream<DynamicNode> attack_onNameOfRule() {
        return Stream.of(Mode.AUDIT, Mode.ENFORCE).map(mode -> dynamicContainer(mode.name(), run(mode, Way::place).stream()
                .map(tried -> dynamicTest(tried.way.name, () -> matrix.judge(tried.way.name, tried.way.operation, mode, KIND, true,
                        "", () -> verdict(tried, mode))))));
    }

    /** The control: with a rule for another name in the same directory all of it is possible, and nobody's business. */
    @TestFactory
    Stream<DynamicNode> attack_onOtherNameThanTheRules_succeedsUntold() {
        return run(Mode.ENFORCE, way -> s -> s.guarded().resolve("another")).stream()
                .map(tried -> dynamicTest(tried.way.name, () -> {
                    assertEquals(List.of(), guard.reports(tried.outcome.pid()));
                    succeeded(tried);
                }));
    }

    private void verdict(Tried tried, Mode mode) {
        List<Report> reports = guard.reports(tried.outcome.pid());
        boolean denied = mode == Mode.ENFORCE;
        if (denied) {
            assertTrue(tried.outcome.denied(), () -> tried.way.name + " was not refused: " + tried.outcome);
            assertFalse(tried.after, "it had its effect all the same");
            assertEquals(1, reports.size(), reports::toString);
        } else {
            succeeded(tried);
            assertFalse(reports.isEmpty(), "it was not told");
        }
        String path = tried.way.place.apply(tried.scene).toString();
        for (Report report : reports) {
            assertAll(report.toString(), () -> assertEquals(tried.way.name, report.rule()),
                    () -> assertEquals(tried.way.told.word(), report.operation()), () -> assertEquals(path, report.path()),
                    () -> assertEquals(denied, report.denied()));
        }
    }

    private static void succeeded(Tried tried) {
        assertFalse(tried.before, "the effect was there before");
        assertEquals(0, tried.outcome.exit(), tried.outcome::toString);
        assertTrue(tried.after, "it had no effect");
    }

    /** All ways, each on a scene of its own, under one policy. */
    private List<Tried> run(Mode mode, Function<Way, Function<Scene, Path>> named) {
        Path folder = scratch.resolve("campaign-" + campaigns++);
        Policy policy = new Policy(mode);
        List<Scene> scenes = new ArrayList<>();
        for (Way way : ways()) {
            Scene scene = Scene.make(folder.resolve(way.name));
            scenes.add(scene);
            policy.rule(way.name, Attack.Rule.OBJECT, List.of(named.apply(way).apply(scene)), way.rule, Policy.allow(allowed, null));
        }
        guard.reload(policy);
        List<Tried> all = new ArrayList<>();
        for (int i = 0; i < scenes.size(); i++) {
            Way way = ways().get(i);
            Scene scene = scenes.get(i);
            for (List<Object> step : way.by.apply(scene)) {
                Outcome done = keeper.run(words(step));
                assertEquals(0, done.exit(), () -> "the allowed program's " + step + ": " + done);
            }
            boolean before = way.effect.test(scene);
            Outcome outcome = attacker.run(words(way.command.apply(scene)));
            all.add(new Tried(way, scene, outcome, before, way.effect.test(scene)));
        }
        guard.settle();
        return all;
    }

    private static List<String> words(List<Object> words) {
        return words.stream().map(Object::toString).toList();
    }

    /** A path that names a directory knows the next one of that name too. */
    @Test
    void directoryMadeAnew_isProtectedAsTheFirstWas() {
        Scene scene = Scene.make(scratch.resolve("directory"));
        guard.reload(new Policy(Mode.ENFORCE).rule("directory", Attack.Rule.OBJECT, List.of(scene.empty()), MAKING,
                Policy.allow(allowed, null)));
        assertEquals(0, keeper.run("rmdir", scene.empty().toString()).exit());
        assertEquals(0, keeper.run("mkdir", scene.empty().toString()).exit());
        Outcome inside = attacker.run("open-create", scene.empty().resolve("x").toString());
        assertTrue(inside.denied(), inside::toString);
        assertEquals(0, attacker.run("open-create", scene.folder().resolve("x").toString()).exit(), "beside it");
    }

    /** What the rule knows by its inode stays known under any name: there the rule is taken at its word. */
    @Test
    void firstFile_ofARuleAboutWriting_mayBeRenamed_andStaysProtected() {
        Scene scene = Scene.make(scratch.resolve("first"));
        guard.reload(new Policy(Mode.ENFORCE).rule("first", Attack.Rule.OBJECT, scene.file(), Operation.WRITE));
        assertEquals(0, attacker.run("rename", scene.file().toString(), scene.outsideFresh().toString()).exit());
        assertTrue(attacker.run("open-write", scene.outsideFresh().toString()).denied());
    }

    /** Names of every length that a round of the hash ends in, and the longest there are. */
    @Test
    void name_ofAnyLength_isKnown() {
        Scene scene = Scene.make(scratch.resolve("lengths"));
        List<Path> names = Stream.of(1, 7, 8, 9, 15, 16, 17, 64, 248, 254, 255).map("n"::repeat).map(scene.outsideFolder()::resolve)
                .toList();
        guard.reload(new Policy(Mode.ENFORCE).rule("lengths", Attack.Rule.OBJECT, names, MAKING, ""));
        assertAll(names.stream().<Executable>map(name -> () -> assertTrue(attacker.run("open-create", name.toString()).denied(),
                () -> name.getFileName().toString().length() + " bytes")));
        assertEquals(0, attacker.run("open-create", scene.outsideFolder().resolve("n".repeat(18)).toString()).exit());
    }

    @Test
    void name_ofBytesBeyondAscii_isKnown() {
        Scene scene = Scene.make(scratch.resolve("beyond"));
        Path name = scene.outsideFolder().resolve("Schlüssel-鍵");
        guard.reload(new Policy(Mode.ENFORCE).rule("beyond", Attack.Rule.OBJECT, List.of(name), MAKING, ""));
        assertTrue(attacker.run("open-create", name.toString()).denied());
    }

    @Test
    void status_tellsTheNamesThatNoFileHad() {
        Scene scene = Scene.make(scratch.resolve("status"));
        guard.reload(new Policy(Mode.ENFORCE).rule("status", Attack.Rule.OBJECT, List.of(scene.fresh()), MAKING, ""));
        String figures = guard.garrison().status().plugins().getFirst().toString();
        assertTrue(figures.contains("1: " + scene.fresh()), figures);
    }
}
