// SPDX-License-Identifier: Apache-2.0
package garrison.itests.runtime;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Command;
import garrison.itests.EventLines;
import garrison.itests.GarrisonProcess;
import garrison.itests.Guest;
import garrison.itests.Json;
import garrison.itests.Policy;
import garrison.itests.Report;
import garrison.itests.TestBundle;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.itests.attack.Scene;
import garrison.spi.KernelVersion;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** One running {@code garrison run} with file-guard, a neighbour and a broken bundle, and the commands that talk to it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunningInstanceTest {
    private final Path folder = Guest.scratch("running");
    private final AttackProgram attacks = Guest.attacks();
    private final Scene scene = Scene.make(folder.resolve("scene"));
    private GarrisonProcess garrison;
    private EventLines events;

    @BeforeAll
    void start() throws IOException {
        Path bundles = Files.createDirectory(folder.resolve("bundles"));
        Files.copy(Guest.home().resolve("bundles/file-guard.jar"), bundles.resolve("file-guard.jar"));
        TestBundle.write(bundles.resolve("neighbour.jar"), "neighbour", TestBundle.object("observer"));
        TestBundle.write(bundles.resolve("broken.jar"), "broken", new byte[] {1, 2, 3});
        garrison = GarrisonProcess.start(folder, writesRefused()).awaitStarted();
        events = garrison.events();
        // The stream is open as soon as it tells something of our own making.
        Guest.await("the event stream", () -> !events.reports(write().pid()).isEmpty());
    }

    @AfterAll
    void stop() {
        events.close();
        garrison.close();
    }

    @BeforeEach
    void usualPolicy() {
        GarrisonProcess.configure(folder, writesRefused());
    }

    private Policy policy(Mode mode) {
        return new Policy(mode).runtime(GarrisonProcess.runtime(folder,
                "bundle-directory = bundles, bundles = [ file-guard, neighbour, broken ], on-plugin-failure = continue"));
    }

    private Policy writesRefused() {
        return policy(Mode.ENFORCE).rule("secrets", Attack.Rule.TREE, scene.guarded(), Operation.WRITE);
    }

    private Outcome write() {
        return attacks.run("open-write", scene.file().toString());
    }

    @Test
    void status_whileRunning_showsThePluginsAndTheKernel() {
        Command human = garrison.cli("status");
        Map<String, Object> status = garrison.status();
        Map<String, Object> guard = garrison.plugin("file-guard");
        assertAll(() -> assertEquals(0, human.exit(), human::toString),
                () -> assertTrue(human.out().contains("file-guard") && human.out().contains("ACTIVE"), human::out),
                () -> assertEquals(garrison.process().pid(), status.get("pid")),
                () -> assertEquals("ACTIVE", guard.get("state")),
                () -> assertEquals("ENFORCE", guard.get("mode")),
                () -> assertEquals(Guest.kernel().toString(),
                        KernelVersion.parse((String) Json.object(status.get("kernel")).get("release")).toString()));
    }

    @Test
    void brokenBundle_isFailedWithItsReason_fileGuardIsActive() {
        Map<String, Object> broken = garrison.plugin("broken");
        assertAll(() -> assertEquals("FAILED", broken.get("state")),
                () -> assertTrue(String.valueOf(broken.get("reason")).contains("broken.bpf.o"), broken::toString),
                () -> assertEquals("ACTIVE", garrison.plugin("file-guard").get("state")),
                () -> assertEquals("ACTIVE", garrison.plugin("neighbour").get("state")),
                () -> assertTrue(write().denied()));
    }

    @Test
    void events_ofADenial_areJsonLinesWithAllThatHappened() {
        Outcome outcome = write();
        Guest.await("the denial", () -> !events.reports(outcome.pid()).isEmpty());
        Report report = events.reports(outcome.pid()).getFirst();
        assertAll(() -> assertTrue(outcome.denied()), () -> assertTrue(report.denied()),
                () -> assertEquals("secrets", report.rule()),
                () -> assertEquals(scene.file().toString(), report.path()),
                () -> assertEquals(List.of(), events.unreadable()),
                () -> assertTrue(events.all().stream().allMatch(e -> e.get("plugin") instanceof String
                        && e.get("type") instanceof String && e.get("time") instanceof String)));
    }

    @Test
    void reload_changedPolicy_isInForceAfterwards() {
        GarrisonProcess.configure(folder, policy(Mode.ENFORCE).rule("other", Attack.Rule.OBJECT, scene.other(), Operation.WRITE));
        garrison.request("{\"op\":\"reload\"}");
        assertAll(() -> assertEquals(0, write().exit()),
                () -> assertTrue(attacks.run("open-write", scene.other().toString()).denied()));
        GarrisonProcess.configure(folder, writesRefused());
        garrison.hangUp();
        Guest.await("the usual policy, by SIGHUP", () -> write().denied());
    }

    @Test
    void reload_badPolicy_namesFileLineAndRemedyAndChangesNothing() throws IOException {
        String good = writesRefused().text();
        Files.writeString(garrison.config(), good.replace("operations =", "operatoins = [ read ], operations ="));
        int line = (int) good.substring(0, good.indexOf("operations =")).lines().count();
        Command refused = garrison.cli("reload");
        assertAll(() -> assertEquals(1, refused.exit(), refused::toString),
                () -> assertTrue(refused.err().contains(garrison.config() + ":" + line), refused::err),
                () -> assertTrue(refused.err().contains("operatoins") && refused.err().contains("'operations'"), refused::err),
                () -> assertFalse(refused.showsStackTrace(), refused::err),
                () -> assertTrue(write().denied(), "the running policy"));
    }

    private void mode(String mode) {
        garrison.request("{\"op\":\"mode\",\"plugin\":\"file-guard\",\"mode\":\"" + mode + "\"}");
    }

    private void bundle(String what) {
        garrison.request("{\"op\":\"bundle-" + what + "\",\"name\":\"file-guard\"}");
    }

    @Test
    void mode_switchedByCommand_holdsAtOnce() {
        mode("AUDIT");
        Outcome audited = write();
        mode("ENFORCE");
        Outcome enforced = write();
        Guest.await("both events", () -> !events.reports(enforced.pid()).isEmpty());
        assertAll(() -> assertEquals(0, audited.exit()), () -> assertTrue(enforced.denied()),
                () -> assertEquals(List.of(false), events.reports(audited.pid()).stream().map(Report::denied).toList()));
    }

    @Test
    void bundle_stoppedStartedUpdated_neighbourGoesOn() {
        bundle("stop");
        Outcome stopped = write();
        assertAll(() -> assertEquals(0, stopped.exit(), "stopped means detached"),
                () -> assertEquals("ACTIVE", garrison.plugin("neighbour").get("state")));
        bundle("start");
        assertTrue(write().denied());
        Object before = garrison.plugin("file-guard").get("since");
        bundle("update");
        assertAll(() -> assertTrue(write().denied()),
                () -> assertEquals("ACTIVE", garrison.plugin("file-guard").get("state")),
                () -> assertNotEquals(before, garrison.plugin("file-guard").get("since"), "it is a new run"),
                () -> assertEquals("ACTIVE", garrison.plugin("neighbour").get("state")));
    }
}
