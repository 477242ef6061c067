// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.Report;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.itests.attack.Scene;
import garrison.spi.ConfigurationException;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What happens to a policy while it is in force: changed, broken, switched, large; and whom it lets through. */
class PolicyTest extends GuardedTest {
    private final Path scratch = Guest.scratch("policy");
    private final AttackProgram attacks = Guest.attacks();
    private Scene scene;
    private int scenes;

    @BeforeEach
    void makeScene() {
        scene = Scene.make(scratch.resolve("scene-" + scenes++));
    }

    private Policy writesRefused() {
        return new Policy(Mode.ENFORCE).rule("tree", Attack.Rule.TREE, scene.guarded(), Operation.WRITE);
    }

    private Outcome write() {
        return attacks.run("open-write", scene.file().toString());
    }

    private List<Report> told(Outcome outcome) {
        guard.settle();
        return guard.reports(outcome.pid());
    }

    @Test
    void reload_ruleAdded_enforcesFromTheReturnOn() {
        assertEquals(0, write().exit());
        Duration took = guard.reload(writesRefused());
        Outcome after = write();
        assertTrue(after.denied(), after::toString);
        System.out.printf("figure: reload of one rule, call to enforcement: %d ms%n", took.toMillis());
    }

    @Test
    void reload_ruleRemoved_letsThrough() {
        guard.reload(writesRefused());
        assertTrue(write().denied());
        guard.reload(new Policy(Mode.ENFORCE));
        assertEquals(0, write().exit());
    }

    @Test
    void reload_unknownKey_leavesTheRunningPolicyInForce() {
        guard.reload(writesRefused());
        String bad = writesRefused().rule("typo", Attack.Rule.OBJECT, List.of(scene.other()), List.of(Operation.WRITE),
                "operation = [ write ]").text();
        ConfigurationException refused = assertThrows(ConfigurationException.class,
                () -> guard.garrison().reload(Policy.parse(bad)));
        assertAll(() -> assertTrue(refused.getMessage().contains("operation"), refused::getMessage),
                () -> assertTrue(refused.getMessage().contains("operations"), refused::getMessage),
                () -> assertTrue(write().denied(), "the policy that was in force"));
    }

    @Test
    void reload_missingPath_leavesTheRunningPolicyInForce() {
        guard.reload(writesRefused());
        Path missing = scene.root().resolve("no-such-folder/file");
        ConfigurationException refused = assertThrows(ConfigurationException.class, () -> guard.reload(
                new Policy(Mode.ENFORCE).rule("missing", Attack.Rule.OBJECT, missing, Operation.WRITE)));
        assertAll(() -> assertTrue(refused.getMessage().contains(missing.toString()), refused::getMessage),
                () -> assertTrue(write().denied(), "the policy that was in force"));
    }

    @Test
    void reload_wrongMode_leavesTheRunningPolicyInForce() {
        guard.reload(writesRefused());
        String bad = writesRefused().text().replace("mode = ENFORCE", "mode = ENFORCED");
        ConfigurationException refused = assertThrows(ConfigurationException.class,
                () -> guard.garrison().reload(Policy.parse(bad)));
        assertAll(() -> assertTrue(refused.getMessage().contains("AUDIT") && refused.getMessage().contains("ENFORCE"),
                        refused::getMessage),
                () -> assertTrue(write().denied(), "the policy that was in force"));
    }

    @Test
    void mode_switchedWithoutReload_holdsFromTheReturnOn() {
        guard.reload(writesRefused());
        assertTrue(write().denied());
        guard.garrison().mode(EmbeddedGuard.PLUGIN, Mode.AUDIT);
        Outcome audited = write();
        assertEquals(0, audited.exit());
        assertEquals(List.of(false), told(audited).stream().map(Report::denied).toList());
        guard.garrison().mode(EmbeddedGuard.PLUGIN, Mode.ENFORCE);
        assertTrue(write().denied());
    }

    @Test
    void ruleMode_auditInAnEnforcingPlugin_reportsAndLetsThrough() {
        guard.reload(new Policy(Mode.ENFORCE)
                .rule("watched", Attack.Rule.OBJECT, List.of(scene.file()), List.of(Operation.WRITE), Policy.mode(Mode.AUDIT))
                .rule("closed", Attack.Rule.OBJECT, scene.other(), Operation.WRITE));
        Outcome watched = write();
        assertEquals(0, watched.exit());
        assertEquals(List.of("watched"), told(watched).stream().map(Report::rule).toList());
        assertTrue(attacks.run("open-write", scene.other().toString()).denied());
    }

    @Test
    void thousandPaths_oneRule_areAllProtected() throws IOException {
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            paths.add(Files.writeString(scene.outsideFolder().resolve("file-" + i), scene.secret()));
        }
        Path unprotected = Files.writeString(scene.outsideFolder().resolve("file-1000"), scene.secret());
        Duration took = guard.reload(new Policy(Mode.ENFORCE).rule("many", Attack.Rule.OBJECT, paths,
                List.of(Operation.WRITE), ""));
        System.out.printf("figure: reload of 1,000 paths, call to enforcement: %d ms%n", took.toMillis());
        int every = Guest.isLong() ? 1 : 50;
        for (int i = 0; i < 1000; i += every) {
            Outcome outcome = attacks.run("open-write", paths.get(i).toString());
            assertTrue(outcome.denied(), paths.get(i) + ": " + outcome);
        }
        assertTrue(attacks.run("open-write", paths.getLast().toString()).denied());
        assertEquals(0, attacks.run("open-write", unprotected.toString()).exit());
    }

    @Test
    void thousandRules_oneTreeEach_areAllProtected() throws IOException {
        Policy policy = new Policy(Mode.ENFORCE);
        for (int i = 0; i < 1000; i++) {
            Path tree = Files.createDirectory(scene.outsideFolder().resolve("tree-" + i));
            Files.writeString(tree.resolve("file"), scene.secret());
            policy.rule("tree-" + i, Attack.Rule.TREE, tree, Operation.WRITE, Operation.DELETE);
        }
        Duration took = guard.reload(policy);
        System.out.printf("figure: reload of 1,000 rules, call to enforcement: %d ms%n", took.toMillis());
        for (int i : new int[] {0, 1, 499, 998, 999}) {
            Outcome outcome = attacks.run("open-write", scene.outsideFolder().resolve("tree-" + i + "/file").toString());
            assertTrue(outcome.denied(), "tree-" + i + ": " + outcome);
            assertEquals(List.of("tree-" + i), told(outcome).stream().map(Report::rule).toList());
        }
    }

    @Test
    void allowedExecutable_letThrough_itsTwinIsNot() throws IOException {
        Path allowed = Files.copy(attacks.file(), scene.root().resolve("allowed"));
        Path twin = Files.copy(attacks.file(), scene.root().resolve("twin"));
        guard.reload(new Policy(Mode.ENFORCE).rule("program", Attack.Rule.TREE, List.of(scene.guarded()),
                EmbeddedGuard.EVERYTHING, Policy.allow(allowed, null)));
        Outcome byAllowed = new AttackProgram(allowed).run("open-write", scene.file().toString());
        Outcome byTwin = new AttackProgram(twin).run("open-write", scene.file().toString());
        assertAll(() -> assertEquals(0, byAllowed.exit(), byAllowed::toString),
                () -> assertTrue(byTwin.denied(), byTwin::toString),
                () -> assertEquals(List.of(), told(byAllowed), "what is allowed is not told"),
                () -> assertEquals(1, told(byTwin).size()));
    }

    /** A name is not an identity: the allowed program's path with another file behind it lets no one through. */
    @Test
    void allowedExecutable_replacedByAnother_isNotLetThrough() throws IOException {
        Path allowed = Files.copy(attacks.file(), scene.root().resolve("allowed"));
        guard.reload(new Policy(Mode.ENFORCE).rule("program", Attack.Rule.TREE, List.of(scene.guarded()),
                EmbeddedGuard.EVERYTHING, Policy.allow(allowed, null)));
        Files.move(allowed, scene.root().resolve("moved"));
        Files.copy(attacks.file(), allowed);
        Outcome byReplacement = new AttackProgram(allowed).run("open-write", scene.file().toString());
        Outcome byMoved = new AttackProgram(scene.root().resolve("moved")).run("open-write", scene.file().toString());
        assertAll(() -> assertTrue(byReplacement.denied(), byReplacement::toString),
                () -> assertEquals(0, byMoved.exit(), byMoved::toString));
    }

    @Test
    void allowedUid_letThrough_othersAreNotRootIncluded() throws IOException {
        Files.setAttribute(scene.file(), "unix:mode", 0666);
        guard.reload(new Policy(Mode.ENFORCE).rule("user", Attack.Rule.TREE, List.of(scene.guarded()),
                List.of(Operation.WRITE), Policy.allow(null, 4711)));
        assertEquals(0, writeAs("4711").exit());
        assertTrue(writeAs("4712").denied());
        assertTrue(writeAs("0").denied());
    }

    @Test
    void allowedExecutableWithUid_onlyBothTogether_letThrough() throws IOException {
        Files.setAttribute(scene.file(), "unix:mode", 0666);
        Path allowed = Files.copy(attacks.file(), scene.root().resolve("allowed"));
        guard.reload(new Policy(Mode.ENFORCE).rule("both", Attack.Rule.TREE, List.of(scene.guarded()),
                List.of(Operation.WRITE), Policy.allow(allowed, 4711)));
        AttackProgram program = new AttackProgram(allowed);
        String file = scene.file().toString();
        assertAll(() -> assertEquals(0, program.run("--uid", "4711", "open-write", file).exit()),
                () -> assertTrue(program.run("--uid", "4712", "open-write", file).denied()),
                () -> assertTrue(writeAs("4711").denied()));
    }

    private Outcome writeAs(String uid) {
        return attacks.run("--uid", uid, "open-write", scene.file().toString());
    }
}
