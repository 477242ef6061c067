// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.itests.attack.Scene;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Whom rules let through by more than executable and uid, for how long, and what becomes of the others. Each with its twin. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SubjectTest {
    private static final int KILLED = 128 + 9;

    private final Path scratch = Guest.scratch("subject");
    private final AttackProgram attacks = Guest.attacks();
    private final Path cgroup = Path.of("/sys/fs/cgroup/garrison-" + ProcessHandle.current().pid());
    private EmbeddedGuard guard;
    private Scene scene;
    private int scenes;

    @BeforeAll
    void start() throws IOException {
        Files.createDirectories(cgroup.resolve("in/deep"));
        Files.createDirectories(cgroup.resolve("beside"));
        guard = EmbeddedGuard.start();
    }

    @AfterAll
    void stop() throws IOException {
        guard.close();
        for (String name : List.of("in/deep", "in", "beside", "")) {
            Files.delete(cgroup.resolve(name));
        }
    }

    @BeforeEach
    void makeScene() {
        scene = Scene.make(scratch.resolve("scene-" + scenes++));
    }

    private Policy policy(Mode mode, String more) {
        return new Policy(mode).rule("rule", Attack.Rule.TREE, List.of(scene.guarded()), List.of(Operation.WRITE), more);
    }

    private void allow(String... entries) {
        guard.reload(policy(Mode.ENFORCE, Policy.allowing(entries)));
    }

    private Outcome write(String... as) {
        List<String> words = new ArrayList<>(List.of(as));
        words.addAll(List.of("open-write", scene.file().toString()));
        return attacks.run(words);
    }

    private void passes(String... as) {
        Outcome outcome = write(as);
        assertEquals(0, outcome.exit(), () -> List.of(as) + ": " + outcome);
    }

    private void refused(String... as) {
        Outcome outcome = write(as);
        assertTrue(outcome.denied(), () -> List.of(as) + ": " + outcome);
    }

    @Test
    void allowedGid_letThrough_othersAreNot() {
        passes("--gid", "4712");
        allow("gid = 4711");
        passes("--gid", "4711");
        refused("--gid", "4712");
        refused();
    }

    @Test
    void allowedCgroup_andThoseBelowIt_letThrough_othersAreNot() {
        passes("--cgroup", cgroup.resolve("beside").toString());
        allow("cgroup = " + Policy.quoted("/" + cgroup.getFileName() + "/in"));
        passes("--cgroup", cgroup.resolve("in").toString());
        passes("--cgroup", cgroup.resolve("in/deep").toString());
        refused("--cgroup", cgroup.resolve("beside").toString());
        refused("--cgroup", cgroup.toString());
        refused();
    }

    @Test
    void entryOfSeveralTerms_letsThroughOnlyWhoMeetsAll_andTheNextEntryIsAskedToo() throws IOException {
        Path allowed = Files.copy(attacks.file(), scene.root().resolve("allowed"));
        AttackProgram program = new AttackProgram(allowed);
        String in = cgroup.resolve("in").toString();
        String file = scene.file().toString();
        allow("executable = " + Policy.quoted(allowed.toString()) + ", gid = 4711, cgroup = " + Policy.quoted("/" + cgroup.getFileName() + "/in"),
                "uid = 0, gid = 4713");
        assertAll(
                () -> assertEquals(0, program.run("--cgroup", in, "--gid", "4711", "open-write", file).exit()),
                () -> assertTrue(program.run("--cgroup", in, "--gid", "4712", "open-write", file).denied()),
                () -> assertTrue(program.run("--gid", "4711", "open-write", file).denied()),
                () -> refused("--cgroup", in, "--gid", "4711"),
                () -> passes("--gid", "4713"));
    }

    /** The end is held by the kernel, on a clock that nobody sets. */
    @Test
    void exception_endsByItself_andSettingTheClockBackDoesNotBringItBack() {
        Instant end = Instant.now().plusSeconds(5);
        allow("uid = 0, until = " + Policy.quoted(end.toString()));
        Outcome before = write();
        if (Instant.now().isBefore(end)) {
            assertEquals(0, before.exit(), before::toString);
        }
        Guest.await("the end of the exception", () -> Instant.now().isAfter(end));
        refused();
        long read = System.nanoTime();
        Instant right = Instant.now();
        setClock(end.minus(Duration.ofHours(1)));
        try {
            assertTrue(Instant.now().isBefore(end), "the clock was set back");
            refused();
        } finally {
            setClock(right.plusNanos(System.nanoTime() - read));
        }
    }

    private static void setClock(Instant time) {
        Command.run("date", "-s", "@" + time.getEpochSecond() + "." + "%09d".formatted(time.getNano())).success();
    }

    @Test
    void exception_thatIsOver_letsNobodyThrough_itsTwinDoes() {
        allow("uid = 0, until = \"2001-01-01T00:00Z\"");
        refused();
        allow("uid = 0, until = \"2199-01-01T00:00Z\"");
        passes();
    }

    @Test
    void effectKill_refusesAndEndsTheProcess_itsTwinOnlyRefuses() throws IOException {
        guard.reload(policy(Mode.ENFORCE, "effect = kill, allow = [ { uid = 4711 } ]"));
        Outcome killed = write();
        Files.setAttribute(scene.file(), "unix:mode", 0666);
        Outcome allowed = write("--uid", "4711");
        guard.reload(policy(Mode.ENFORCE, "effect = deny"));
        Outcome denied = write();
        guard.settle();
        assertAll(
                () -> assertEquals(KILLED, killed.exit(), killed::toString),
                () -> assertEquals(0, allowed.exit(), allowed::toString),
                () -> assertEquals(Outcome.EPERM, denied.exit(), denied::toString),
                () -> assertEquals(List.of(true), guard.reports(killed.pid()).stream().map(r -> r.denied()).toList()),
                () -> assertTrue(guard.killed(killed.pid())),
                () -> assertFalse(guard.killed(denied.pid())));
    }

    @Test
    void effectKill_audited_onlyReports() {
        guard.reload(policy(Mode.AUDIT, "effect = kill"));
        Outcome byPlugin = write();
        guard.reload(policy(Mode.ENFORCE, "effect = kill, mode = AUDIT"));
        Outcome byRule = write();
        guard.reload(policy(Mode.ENFORCE, "effect = audit"));
        Outcome byEffect = write();
        guard.settle();
        for (Outcome outcome : List.of(byPlugin, byRule, byEffect)) {
            assertEquals(0, outcome.exit(), outcome::toString);
            assertEquals(List.of(false), guard.reports(outcome.pid()).stream().map(r -> r.denied()).toList());
            assertFalse(guard.killed(outcome.pid()));
        }
    }

    @Test
    void effectKill_sparesGarrisonItself() {
        guard.reload(policy(Mode.ENFORCE, "effect = kill"));
        assertThrows(FileSystemException.class, () -> Files.writeString(scene.file(), "breach"));
        assertEquals(KILLED, write().exit(), "and nobody else");
    }

    @Test
    void glob_coversWhatMatchesNow_andWhatComesLaterFromTheNextReloadOn() throws IOException {
        Supplier<Policy> policy = () -> new Policy(Mode.ENFORCE).globs("conf", scene.guarded() + "/fi*", Operation.WRITE);
        guard.reload(policy.get());
        Path later = Files.writeString(scene.guarded().resolve("fire"), "later");
        refused();
        assertEquals(0, attacks.run("open-write", scene.other().toString()).exit());
        assertEquals(0, attacks.run("open-write", later.toString()).exit());
        guard.reload(policy.get());
        assertTrue(attacks.run("open-write", later.toString()).denied());
    }
}
