// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.fileguard.FileAccessEvent;
import garrison.framework.trust.FileDigest;
import garrison.framework.trust.Loader;
import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Filesystem;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.itests.attack.Scene;
import garrison.spi.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
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

    /** A program is known by what it is: where it lies, and when it came there, does not count. */
    @Test
    void allowedDigest_letsThroughEveryCopyThatIsSealed_othersAreNot() throws IOException {
        try (Filesystem ext4 = Filesystem.mount(Filesystem.Kind.EXT4, scene.root().resolve("ext4"))) {
            String file = scene.file().toString();
            AttackProgram before = sealed(ext4.folder().resolve("before"), "");
            AttackProgram other = sealed(ext4.folder().resolve("other"), "x");
            AttackProgram copy = new AttackProgram(Files.copy(attacks.file(), ext4.folder().resolve("copy")));
            for (AttackProgram each : List.of(before, other, copy)) {
                assertEquals(0, each.run("open-write", file).exit(), "without a rule");
            }
            String digest = HexFormat.of().formatHex(FileDigest.of(FileDigest.Kind.VERITY, attacks.file()).digest());
            allow("fs-verity = \"sha256:" + digest + "\"", "fs-verity = \"sha512:" + digest + digest + "\", uid = 0");
            AttackProgram after = sealed(ext4.folder().resolve("after"), "");
            assertAll(
                    () -> assertEquals(0, before.run("open-write", file).exit()),
                    () -> assertEquals(0, after.run("open-write", file).exit()),
                    () -> assertTrue(other.run("open-write", file).denied(), "sealed, but another"),
                    () -> assertTrue(copy.run("open-write", file).denied(), "not sealed"),
                    () -> refused());
            allow("fs-verity = \"sha256:" + digest + "\", gid = 4711");
            assertAll(
                    () -> assertEquals(0, after.run("--gid", "4711", "open-write", file).exit()),
                    () -> assertTrue(after.run("--gid", "4712", "open-write", file).denied()),
                    () -> assertTrue(other.run("--gid", "4711", "open-write", file).denied()));
            // One bit of the last word.
            allow("fs-verity = \"sha256:" + digest.substring(0, 63) + Integer.toHexString(Character.digit(digest.charAt(63), 16) ^ 1) + "\"");
            assertTrue(after.run("open-write", file).denied());
        }
    }

    /** A copy of the attack program with something behind it, which nobody can alter any more. */
    private AttackProgram sealed(Path file, String more) throws IOException {
        Files.copy(attacks.file(), file);
        Files.writeString(file, more, StandardOpenOption.APPEND);
        new Loader(file).seal();
        assertThrows(FileSystemException.class, () -> Files.writeString(file, "altered"));
        return new AttackProgram(file);
    }

    /** Of a shell that is a program of its own: what it starts, and what that starts, as long as it lives. */
    @Test
    void allowedAncestor_letsThroughAllThatItStarted_untilItEnds_othersAreNot() throws IOException {
        Path shell = Files.copy(Path.of("/bin/sh").toRealPath(), scene.root().resolve("shell"));
        String attack = attacks.file() + " open-write " + scene.file();
        allow("ancestor = " + Policy.quoted(shell.toString()));
        String deep = "sh -c 'sh -c \"" + attack + "; exit \\$?\"; exit $?'; exit $?";
        Path told = scene.root().resolve("told");
        assertAll(
                () -> assertEquals(0, Command.run(shell.toString(), "-c", attack + "; exit $?").exit()),
                () -> assertEquals(0, Command.run(shell.toString(), "-c", deep).exit()),
                () -> assertEquals(Outcome.EPERM, Command.run("sh", "-c", attack + "; exit $?").exit()),
                () -> assertEquals(Outcome.EPERM, Command.run("sh", "-c", deep).exit()),
                // It is no ancestor of its own.
                () -> assertTrue(Command.run(shell.toString(), "-c", "echo more >>" + scene.file()).err().contains("not permitted")));
        Command.run(shell.toString(), "-c", "sh -c 'sleep 2; " + attack + "; echo $? >" + told + "' >/dev/null 2>&1 &").success();
        Guest.await("the orphan's attempt", () -> Files.exists(told) && told.toFile().length() > 0);
        assertEquals(Outcome.EPERM + "\n", Files.readString(told), "the shell has ended");
    }

    @Test
    void ownersRule_coversWhatHeHas_andWhatHeMakes_othersThingsAreNot() throws IOException {
        Path his = Files.writeString(scene.guarded().resolve("his"), "his");
        Files.setAttribute(his, "unix:uid", 4711);
        Files.setAttribute(scene.guarded(), "unix:mode", 0777);
        guard.reload(new Policy(Mode.ENFORCE).rule("owner", Attack.Rule.TREE, List.of(scene.guarded()),
                List.of(Operation.WRITE, Operation.CREATE, Operation.RENAME), "owner = 4711"));
        passes();
        assertTrue(attacks.run("open-write", his.toString()).denied(), "his file, by root");
        Command make = Command.run("setpriv", "--reuid=4711", "--clear-groups", "sh", "-c", "echo new >" + scene.guarded().resolve("new"));
        assertTrue(make.err().contains("not permitted"), make::toString);
        Files.writeString(scene.guarded().resolve("new"), "by root");
        assertThrows(FileSystemException.class, () -> Files.move(his, scene.guarded().resolve("moved")));
        Files.move(scene.guarded().resolve("new"), scene.guarded().resolve("moved"));
        Files.setAttribute(his, "unix:uid", 0);
        assertEquals(0, attacks.run("open-write", his.toString()).exit(), "given to root");
    }

    @Test
    void fileSystemsRule_coversAllOfItsTypeThatAreMounted_othersAreNot() throws IOException {
        List<Path> points = new ArrayList<>();
        for (String name : List.of("one", "two", "later")) {
            points.add(Files.createDirectory(scene.root().resolve(name)));
        }
        try {
            for (Path point : points.subList(0, 2)) {
                Command.run("mount", "-t", "ramfs", "ramfs", point.toString()).success();
                Files.writeString(point.resolve("file"), "text\n");
            }
            guard.reload(new Policy(Mode.ENFORCE).fileSystems("ramfs", "ramfs", Operation.WRITE));
            passes();
            for (Path point : points.subList(0, 2)) {
                assertTrue(attacks.run("open-write", point.resolve("file").toString()).denied(), point::toString);
            }
            Command.run("mount", "-t", "ramfs", "ramfs", points.getLast().toString()).success();
            Path later = Files.createDirectory(points.getLast().resolve("folder")).resolve("file");
            assertThrows(FileSystemException.class, () -> Files.writeString(later, "text\n"));
            assertTrue(Files.exists(later), "made, since the rule does not list create, and not opened");
            assertTrue(attacks.run("open-write", later.toString()).denied());
            guard.reload(new Policy(Mode.ENFORCE));
            assertEquals(0, attacks.run("open-write", later.toString()).exit(), "without");
        } finally {
            points.forEach(point -> Command.run("umount", point.toString()));
        }
    }

    /** Nothing is loaded anew: the kernel knows the type. The twin is a rule for another type. */
    @Test
    void fileSystemsRule_coversWhatIsMountedLater_fromItsFirstMoment() throws IOException {
        Path base = scene.root().resolve("later");
        Path point = base.resolve("mounted");
        try (Filesystem ext4 = Filesystem.mount(Filesystem.Kind.EXT4, base)) {
            Path file = Files.createDirectories(ext4.folder().resolve("some/where")).resolve("file");
            Files.writeString(file, "text\n");
            Files.writeString(file.resolveSibling("other"), "other\n");
            List<List<String>> acts = List.of(List.of("open-write", file.toString()), List.of("chmod", file.toString()),
                    List.of("rename-exchange", file.toString(), file.resolveSibling("other").toString()),
                    List.of("handle-cold-write", file.toString(), point.toString()), List.of("rename", file.toString(), point.resolve("moved").toString()),
                    List.of("rename", point.resolve("moved").toString(), file.toString()));
            for (String type : List.of("vfat", "ext4", "vfat")) {
                Command.run("umount", point.toString()).success();
                guard.reload(new Policy(Mode.ENFORCE).fileSystems("all", type, Operation.WRITE, Operation.CREATE, Operation.RENAME,
                        Operation.ATTRIBUTES));
                Command.run("mount", "-o", "loop", base.resolve("image").toString(), point.toString()).success();
                for (List<String> act : type.equals("ext4") ? acts.subList(0, 5) : acts) {
                    Outcome outcome = attacks.run(act);
                    assertEquals(type.equals("ext4") ? Outcome.EPERM : 0, outcome.exit(), () -> type + ": " + act + ": " + outcome);
                    if (act.getFirst().equals("open-write") && outcome.denied()) {
                        guard.settle();
                        assertEquals(List.of(file.toString()), guard.reports(outcome.pid()).stream().map(r -> r.path()).toList());
                    }
                }
            }
        }
    }

    /** Of its rate each rule has its own; what is refused is refused all the same, and the sum of told and untold is exact. */
    @Test
    void rate_tellsSoManyASecond_andHowManyItDidNot() {
        int attempts = 3_000;
        guard.reload(new Policy(Mode.ENFORCE).rule("rated", Attack.Rule.OBJECT, List.of(scene.file()), List.of(Operation.WRITE), "events-per-second = 10")
                .rule("free", Attack.Rule.OBJECT, List.of(scene.other()), List.of(Operation.WRITE), ""));
        int through = 0;
        for (int i = 0; i < attempts; i++) {
            through += opened(scene.file()) ? 1 : 0;
            through += i < 100 && opened(scene.other()) ? 1 : 0;
        }
        assertEquals(0, through);
        guard.settle();
        long me = ProcessHandle.current().pid();
        Guest.await(() -> told(me, "rated") + " told, " + guard.untold("rated") + " untold", () -> told(me, "rated") + guard.untold("rated") >= attempts);
        assertEquals(attempts, told(me, "rated") + guard.untold("rated"));
        assertTrue(told(me, "rated") < attempts / 2, told(me, "rated") + " told");
        assertEquals(100, told(me, "free"));
        assertEquals(0, guard.untold("free"));
        // Counted last when the policy goes.
        for (int i = 0; i < 100; i++) {
            opened(scene.file());
        }
        guard.reload(new Policy(Mode.ENFORCE));
        guard.settle();
        Guest.await("all of them", () -> told(me, "rated") + guard.untold("rated") == attempts + 100);
        assertTrue(opened(scene.file()), "without");
    }

    private static boolean opened(Path file) {
        try {
            Files.newByteChannel(file, StandardOpenOption.WRITE).close();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private long told(long pid, String rule) {
        return guard.reports(pid).stream().filter(report -> report.rule().equals(rule)).count();
    }

    @Test
    void event_namesTheProcessesAbove() {
        allow("uid = 1");
        String attack = attacks.file() + " open-write " + scene.file() + "; exit 0";
        Command.run("sh", "-c", "echo $$ >" + scene.root().resolve("upper") + "; sh -c 'echo $$ >" + scene.root().resolve("parent") + "; "
                + attack + "'; exit 0");
        guard.settle();
        List<Long> chain = List.of(number(scene.root().resolve("parent")), number(scene.root().resolve("upper")), ProcessHandle.current().pid());
        List<FileAccessEvent.Ancestor> told = guard.all().stream().map(report -> guard.ancestors(report.pid()))
                .filter(all -> !all.isEmpty() && all.getFirst().pid() == chain.getFirst()).findFirst().orElseThrow();
        assertEquals(chain, told.stream().limit(3).map(one -> (long) one.pid()).toList());
        assertEquals(List.of("sh", "sh"), told.stream().limit(2).map(FileAccessEvent.Ancestor::comm).toList());
        assertTrue(told.size() == FileAccessEvent.MOST_ANCESTORS || told.getLast().pid() == 1, told::toString);
    }

    /** Through whatever mount and from whatever root; `path` is the file's own, always. */
    @Test
    void event_tellsThePathAsTheProcessSawIt() throws IOException {
        Path elsewhere = Files.createDirectories(scene.root().resolve("else/where"));
        Files.copy(attacks.file(), scene.root().resolve("attack"));
        String deep = ("/" + "n".repeat(29)).repeat(100);
        Files.createDirectories(Path.of(scene.root() + "/deep" + deep));
        guard.reload(new Policy(Mode.ENFORCE).rule("rule", Attack.Rule.TREE, List.of(scene.guarded()), EmbeddedGuard.EVERYTHING, "")
                .rule("deep", Attack.Rule.TREE, scene.root().resolve("deep"), Operation.READ));
        String file = scene.file().toString();
        String inside = "/" + scene.root().relativize(scene.file());
        Path own = Files.createDirectory(scene.root().resolve("own"));
        String bind = "mount --bind " + scene.guarded() + " " + own + " && exec " + attacks.file() + " open-write ";
        Command.run("mount", "--bind", scene.root().toString(), elsewhere.toString()).success();
        try {
            assertAll(
                    () -> saw(file, file, attacks.run("open-write", file)),
                    () -> saw(elsewhere + inside, file, attacks.run("open-write", elsewhere + inside)),
                    () -> saw(inside, file, run("chroot", scene.root().toString(), "/attack", "open-write", inside)),
                    () -> saw(inside, file, run("chroot", elsewhere.toString(), "/attack", "open-write", inside)),
                    // In a mount namespace of its own, of which this one knows nothing.
                    () -> saw(own + "/file", file, run("unshare", "-m", "sh", "-c", bind + own + "/file")),
                    () -> saw("", file, attacks.run("chmod", file)),
                    () -> saw("", file, attacks.run("unlink", file)));
        } finally {
            Command.run("umount", elsewhere.toString()).success();
        }
        String far = scene.root() + "/deep" + deep;
        saw(far, far, attacks.run("read-folder", far));
    }

    private void saw(String expected, String path, Outcome outcome) {
        assertTrue(outcome.denied(), outcome::toString);
        guard.settle();
        assertEquals(expected, guard.seenPath(outcome.pid()));
        assertEquals(path, guard.reports(outcome.pid()).getLast().path());
    }

    /** A command that becomes the attack program. */
    private static Outcome run(String command, String... words) {
        return new AttackProgram(Path.of("/usr/bin/env")).run(Stream.concat(Stream.of(command), Stream.of(words)).toList());
    }

    private static long number(Path file) {
        try {
            return Long.parseLong(Files.readString(file).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
