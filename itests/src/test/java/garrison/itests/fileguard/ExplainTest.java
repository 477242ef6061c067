// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import garrison.fileguard.Actor;
import garrison.fileguard.GuardPolicy;
import garrison.fileguard.Standing;
import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.Report;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.AttackServer;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.spi.Mode;
import garrison.spi.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * What the policy is said to do is what the kernel does: places in trees, in trees within trees, under rules that only report, under
 * rules for a file and its name, behind a bind mount and beside all of it; every act; several who act.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExplainTest {
    /** Acts by their words, and how each is attempted in a folder F of its own; the attack program itself is what is executed. */
    private static final Map<String, String> ACTS = Map.of("read", "open-read F/file", "write", "open-write F/file", "create", "mkdir F/new",
            "delete", "unlink F/file", "rename", "rename F/file F/renamed", "link", "link F/file F/linked", "attributes", "chmod F/file",
            "execute", "execve F/file mkdir OUT", "mount", "tmpfs-over F", "leave the tree", "rename F/file OUT");

    /** Someone, and how he is made one. */
    private record Subject(String name, AttackServer by, List<String> as, Actor actor) {}

    /** One attempt, what was said of it before, and what came of it. */
    private record Case(String name, Standing said, Outcome outcome) {}

    private final Path scratch = Guest.scratch("explain");
    private final List<Case> cases = new ArrayList<>();
    private final List<Path> mounted = new ArrayList<>();
    private EmbeddedGuard guard;

    @BeforeAll
    void attack() throws IOException {
        Path root = scratch.toRealPath();
        Path allowed = Files.copy(Guest.attacks().file(), root.resolve("allowed"));
        List<Path> places = List.of(root.resolve("tree/plain"), root.resolve("tree/deep/inner"), root.resolve("audit"), root.resolve("named"), root.resolve("beside"));
        for (Path place : places) {
            Files.createDirectories(place);
        }
        Path alias = Files.createDirectory(root.resolve("alias"));
        Path out = Files.createDirectory(root.resolve("out"));
        Command.run("mount", "--bind", root.resolve("tree/deep").toString(), alias.toString()).success();
        mounted.add(alias);
        guard = EmbeddedGuard.start();
        try (AttackServer anyone = new AttackServer(Guest.attacks()); AttackServer program = new AttackServer(new AttackProgram(allowed))) {
            List<Subject> subjects = List.of(
                    new Subject("root", anyone, List.of(), Actor.of(List.of(anyone.file().toString(), "uid:0", "gid:0"))),
                    new Subject("group", anyone, List.of("--gid", "4711"), Actor.of(List.of(anyone.file().toString(), "uid:0", "gid:4711"))),
                    new Subject("allowed", program, List.of(), Actor.of(List.of(allowed.toString(), "uid:0", "gid:0"))));
            List<Path> folders = new ArrayList<>();
            for (Path place : places) {
                for (Subject subject : subjects) {
                    for (String act : ACTS.keySet()) {
                        folders.add(folder(place, subject, act));
                    }
                }
            }
            for (Path folder : folders) {
                makeFile(Files.createDirectory(folder));
            }
            List<Path> named = folders.stream().filter(folder -> folder.startsWith(root.resolve("named")))
                    .map(folder -> folder.resolve(folder.toString().endsWith("create") ? "new" : "file")).toList();
            Policy policy = policy(root, allowed).rule("named", Attack.Rule.OBJECT, named, List.of(Operation.WRITE, Operation.DELETE,
                    Operation.CREATE, Operation.ATTRIBUTES), Policy.allowing("executable = " + Policy.quoted(allowed.toString()),
                    "executable = " + Policy.quoted(ProcessHandle.current().info().command().orElseThrow())));
            guard.reload(policy);
            GuardPolicy asked = GuardPolicy.of(Settings.of(policy.config().resolve(), "").object("garrison").object("plugins").object("file-guard"));
            // Some are other files by now, which are known by their names alone.
            for (Path file : named) {
                if (file.getParent().getFileName().toString().startsWith("group") && file.endsWith("file")) {
                    Files.delete(file);
                    makeFile(file.getParent());
                }
            }
            for (Path place : places) {
                for (Subject subject : subjects) {
                    ACTS.forEach((act, words) -> attempt(asked, folder(place, subject, act), subject, act, out));
                }
            }
            // The same folders through the bind mount, by someone who was refused, or whose attempts left them as they were.
            for (String act : List.of("read", "write", "create", "attributes", "mount")) {
                attempt(asked, alias.resolve("inner").resolve(folder(places.get(1), subjects.getFirst(), act).getFileName()),
                        subjects.getFirst(), act, out);
            }
            guard.settle();
        }
    }

    private static void makeFile(Path folder) throws IOException {
        Path file = folder.resolve("file");
        if (folder.toString().endsWith("execute")) {
            Files.copy(Guest.attacks().file(), file);
        } else {
            Files.writeString(file, "x");
        }
    }

    private static Policy policy(Path root, Path allowed) {
        return new Policy(Mode.ENFORCE)
                .rule("tree", Attack.Rule.TREE, List.of(root.resolve("tree")), List.of(Operation.WRITE, Operation.DELETE, Operation.CREATE),
                        Policy.allowing("executable = " + Policy.quoted(allowed.toString()), "uid = 0, gid = 4711"))
                .rule("inner", Attack.Rule.TREE, List.of(root.resolve("tree/deep")), List.of(Operation.READ, Operation.ATTRIBUTES),
                        Policy.allowing("uid = 0, gid = 4711"))
                .rule("audit", Attack.Rule.TREE, List.of(root.resolve("audit")), EmbeddedGuard.EVERYTHING, Policy.mode(Mode.AUDIT));
    }

    private static Path folder(Path place, Subject subject, String act) {
        return place.resolve(subject.name + "-" + act.replace(' ', '-'));
    }

    private void attempt(GuardPolicy asked, Path folder, Subject subject, String act, Path out) {
        Path object = switch (act) {
            case "create" -> folder.resolve("new");
            case "mount" -> folder;
            default -> folder.resolve("file");
        };
        Standing said = asked.explain(object, subject.actor).standing(act);
        List<String> words = new ArrayList<>(subject.as);
        for (String word : ACTS.get(act).split(" ")) {
            words.add(word.equals("F") ? folder.toString() : word.startsWith("F/") ? folder + word.substring(1)
                    : word.equals("OUT") ? out.resolve(folder.getParent().getFileName() + "-" + folder.getFileName()).toString() : word);
        }
        Outcome outcome = subject.by.run(words);
        if (act.equals("mount") && outcome.exit() == 0) {
            mounted.add(folder);
        }
        cases.add(new Case(subject.name + " " + act + " " + scratch.relativize(folder), said, outcome));
    }

    @AfterAll
    void stop() {
        guard.close();
        mounted.reversed().forEach(folder -> Command.run("umount", folder.toString()).success());
    }

    @TestFactory
    Stream<DynamicTest> whatIsSaid_isWhatTheKernelDoes() {
        return cases.stream().map(one -> dynamicTest(one.name, () -> check(one)));
    }

    private void check(Case one) {
        List<Boolean> told = guard.reports(one.outcome.pid()).stream().map(Report::denied).distinct().toList();
        boolean refused = one.said == Standing.REFUSED;
        assertEquals(refused, one.outcome.denied(), () -> one + " " + told);
        assertTrue(refused || one.outcome.exit() == 0, one::toString);
        assertEquals(switch (one.said) {
            case REFUSED -> List.of(true);
            case REPORTED -> List.of(false);
            default -> List.of();
        }, told, one::toString);
    }

    /** Of each kind there are some: a policy that refuses all, or nothing, would prove little. */
    @TestFactory
    Stream<DynamicTest> everyStanding_isAmongThem() {
        return Stream.of(Standing.FREE, Standing.ALLOWED, Standing.REPORTED, Standing.REFUSED).map(standing -> dynamicTest(standing.name(),
                () -> assertTrue(cases.stream().filter(one -> one.said == standing).count() >= 5, cases.toString())));
    }
}
