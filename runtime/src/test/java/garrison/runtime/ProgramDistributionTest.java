// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.runtime.InstalledProgram.Ended;
import garrison.runtime.json.JsonObject;
import garrison.runtime.json.JsonText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The assembled program on this machine's own kernel, as a process. The plugin attaches nothing, so every kernel with a ring
 * buffer will do; what needs LSM programs is tried in the lab's guests.
 */
@Timeout(240)
class ProgramDistributionTest {
    @TempDir
    Path folder;

    private InstalledProgram garrison;

    @BeforeAll
    static void root() throws IOException {
        InstalledProgram.assumeRoot();
    }

    @BeforeEach
    void install() throws IOException {
        garrison = new InstalledProgram(folder);
        garrison.configure("word", "", "word { word = first }");
    }

    @AfterEach
    void close() {
        garrison.close();
    }

    @Test
    void sigterm_endsInGoodOrder_thoughABundleLeftAThread() throws Exception {
        Process running = garrison.start();
        running.destroy();
        assertEquals(0, InstalledProgram.end(running), InstalledProgram.text(garrison.log()));
        assertFalse(Files.exists(garrison.socket()));
        assertTrue(InstalledProgram.text(garrison.log()).contains("stopped, nothing is attached"));
        assertEquals(3, garrison.run("status").exit());
    }

    /** Its cache of classes knows the place where it was built. */
    @Test
    void distributionThatWasMoved_runs() throws Exception {
        Process running = garrison.startMoved();
        assertEquals("ACTIVE", garrison.plugin("word").text("state"));
        running.destroy();
        assertEquals(0, InstalledProgram.end(running), InstalledProgram.text(garrison.log()));
    }

    @Test
    void sigkill_leavesNothingThatStopsTheNextStart() throws Exception {
        Process first = garrison.start();
        first.destroyForcibly();
        InstalledProgram.end(first);
        assertTrue(Files.exists(garrison.socket()), "the stale socket is the point of this test");
        assertEquals(3, garrison.run("status").exit());
        Process second = garrison.start();
        assertEquals("ACTIVE", garrison.plugin("word").text("state"));
        second.destroy();
        assertEquals(0, InstalledProgram.end(second));
    }

    @Test
    void commands_whileItRuns_doWhatTheySay() throws Exception {
        Process running = garrison.start();
        Path lines = folder.resolve("events");
        Process events = garrison.command("events").redirectOutput(lines.toFile()).start();
        try {
            // The stream is open as soon as it tells something.
            InstalledProgram.await("an event", () -> {
                mode("AUDIT");
                mode("ENFORCE");
                return InstalledProgram.text(lines).contains("plugin_changed");
            });
            assertEquals("ENFORCE", garrison.plugin("word").text("mode"));
            Ended human = garrison.run("status");
            assertTrue(human.out().lines().anyMatch(l -> l.matches("word +ACTIVE .*ENFORCE.*")), human.out());
            assertTrue(human.out().contains("word: first"), human.out());
            assertTrue(garrison.run("plugins").out().startsWith("word: ACTIVE in mode ENFORCE"));

            garrison.configure("word", "", "word { word = second }");
            Ended reload = garrison.run("reload");
            assertTrue(reload.out().matches("(?s).* is in force after [0-9.]+ ms\\n"), reload.out() + reload.err());
            InstalledProgram.await("the new word", () -> InstalledProgram.text(lines).contains("\"the_word\":\"second\""));

            assertEquals("bundle word 1.0.0 is RESOLVED\n", garrison.run("bundle", "stop", "word").out());
            assertEquals(List.of(), garrison.status().objects("plugins"));
            assertEquals("bundle word 1.0.0 is ACTIVE\n", garrison.run("bundle", "start", "word").out());
            assertEquals("bundle word 1.0.0 is ACTIVE\n", garrison.run("bundle", "update", "word").out());
            assertEquals("ACTIVE", garrison.plugin("word").text("state"));

            running.destroy();
            assertEquals(0, InstalledProgram.end(running));
            assertEquals(0, InstalledProgram.end(events));
        } finally {
            events.destroyForcibly();
        }
        for (String line : Files.readAllLines(lines)) {
            JsonObject event = JsonObject.of(JsonText.read(line));
            assertEquals(List.of("time", "plugin", "type"), List.copyOf(event.fields().keySet()).subList(0, 3), line);
        }
        assertTrue(InstalledProgram.text(lines).contains("STOPPED"), "the events of the end are told too");
    }

    private void mode(String mode) {
        try {
            assertEquals(0, garrison.run("mode", "word", mode).exit());
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void badReload_byCommandOrSignal_changesNothingAndTellsThePlace() throws Exception {
        Process running = garrison.start();
        garrison.configure("word", "", "word { word = forbidden }");
        Ended reload = garrison.run("reload");
        assertOneMessage(reload, garrison.config() + ":7: garrison.plugins.word.word is 'forbidden'; write another word");
        assertEquals("first", garrison.plugin("word").object("figures").text("word"));

        Files.writeString(garrison.config(), "garrison { runtime { } ");
        signal(running, "HUP");
        InstalledProgram.await("the refusal", () -> InstalledProgram.text(garrison.log()).contains("not reloaded, the running policy stays: "));
        garrison.configure("word", "", "word { word = third }");
        signal(running, "HUP");
        InstalledProgram.await("the new word", () -> InstalledProgram.text(garrison.log()).contains("is in force, "));
        assertEquals("third", garrison.plugin("word").object("figures").text("word"));
    }

    @Test
    void secondInstance_isRefused_andTheFirstGoesOn() throws Exception {
        Process running = garrison.start();
        assertOneMessage(garrison.run("run", "--config", garrison.config().toString()),
                "another garrison is running (process " + running.pid() + ")");
        assertEquals("ACTIVE", garrison.plugin("word").text("state"));
    }

    @Test
    void wrongConfiguration_ofTheOnlyPlugin_endsTheProgramWithFileAndLine() throws Exception {
        garrison.configure("word", "", "word { wrod = first }");
        assertOneMessage(garrison.run("run", "--config", garrison.config().toString()), garrison.config() + ":");
        garrison.configure("word", "", "word { word = forbidden }");
        assertOneMessage(garrison.run("run", "--config", garrison.config().toString()), garrison.config() + ":7: ");
        assertOneMessage(garrison.run("check", "--config", garrison.config().toString()), garrison.config() + ":7: ");
        garrison.configure("word", "max-cliens = 3", "word { word = first }");
        assertOneMessage(garrison.run("run", "--config", garrison.config().toString()), "did you mean 'max-clients'?");
        garrison.configure("word", "", "word { word = first }, wort { word = first }");
        assertOneMessage(garrison.run("check", "--config", garrison.config().toString()), "did you mean 'word'?");
        garrison.configure("word", "", "word { word = first }");
        Ended good = garrison.run("check", "--config", garrison.config().toString());
        assertEquals(0, good.exit(), good.err());
        assertTrue(good.out().contains("word: settings can be used"), good.out());
    }

    @Test
    void wrongRuleOrNoConfigurationAtAll_endsTheProgramWithThePlace() throws Exception {
        garrison.configure("file-guard", "", "file-guard { rules = [ { name = typo, path = /etc/passwd, operations = [ read ], "
                + "excutable = /bin/sh } ] }");
        Ended typo = garrison.run("run", "--config", garrison.config().toString());
        assertOneMessage(typo, garrison.config() + ":7: ");
        assertTrue(typo.err().contains("excutable"), typo.err());
        Path none = folder.resolve("none.conf");
        assertOneMessage(garrison.run("run", "--config", none.toString()), none.toString());
    }

    /** On a kernel that refuses LSM programs file-guard must say so; on another it runs, with no rule. */
    @Test
    void fileGuard_runsOrTellsWhyNot_andTheOtherRunsInAnyCase() throws Exception {
        garrison.configure("word, file-guard", "on-plugin-failure = continue", "word { word = first }, file-guard { }");
        garrison.start();
        JsonObject guard = garrison.plugin("file-guard");
        assertTrue(guard.text("state").equals("ACTIVE") || guard.text("state").equals("FAILED") && !guard.text("reason").isBlank(),
                guard.toString());
        assertEquals("ACTIVE", garrison.plugin("word").text("state"));
    }

    @Test
    void missingBundle_endsTheProgramOnlyIfToldSo() throws Exception {
        garrison.configure("word, nowhere", "on-plugin-failure = exit", "word { word = first }");
        assertOneMessage(garrison.run("run", "--config", garrison.config().toString()),
                "bundle nowhere cannot install: there is no file " + folder.resolve("bundles/nowhere.jar"));
        garrison.configure("word, nowhere", "", "word { word = first }");
        garrison.start();
        assertEquals(List.of("ACTIVE", "MISSING"), garrison.status().objects("bundles").stream().map(b -> b.text("state")).toList());
    }

    @Test
    void ordinaryUser_isToldWhatItTakes() throws Exception {
        Files.setAttribute(Files.createDirectory(folder.resolve("run")), "unix:uid", 4711);
        for (Path path = folder; path != null && path.startsWith("/tmp/"); path = path.getParent()) {
            Files.setPosixFilePermissions(path, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        ProcessBuilder builder = garrison.command("run", "--config", garrison.config().toString());
        builder.command().addAll(0, List.of("setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups"));
        Ended refused = garrison.run(builder);
        assertOneMessage(refused, "CAP_BPF");
        assertTrue(refused.err().contains("root"), refused.err());
    }

    @Test
    void launcher_findsJavaAndItself() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("link"), InstalledProgram.launcher());
        ProcessBuilder linked = new ProcessBuilder(link.toString(), "--version");
        linked.environment().put("JAVA_HOME", "/nowhere");
        Ended version = garrison.run(linked);
        assertTrue(version.out().startsWith("garrison "), version.err());
        ProcessBuilder wrong = garrison.command("--version");
        wrong.environment().put("GARRISON_JAVA", "/bin/true");
        Ended refused = garrison.run(wrong);
        assertOneMessage(refused, "GARRISON_JAVA is /bin/true, which is no Java 25 or later");
    }

    private static void signal(Process process, String name) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).inheritIO().start().waitFor());
    }

    private static void assertOneMessage(Ended ended, String words) {
        List<String> said = ended.err().lines().filter(l -> l.startsWith("garrison: ")).toList();
        assertAll(() -> assertEquals(1, ended.exit(), ended.err()),
                () -> assertEquals(1, said.size(), ended.err()),
                () -> assertTrue(ended.err().contains(words), ended.err()),
                () -> assertFalse(ended.err().contains("\tat "), ended.err()));
    }
}
