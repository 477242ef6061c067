// SPDX-License-Identifier: Apache-2.0
package garrison.itests.truth;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import garrison.fileguard.FileGuard;
import garrison.framework.Garrison;
import garrison.framework.Status;
import garrison.framework.Status.PluginStatus;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Scene;
import garrison.spi.ActualMode;
import garrison.spi.EnforcementChanged;
import garrison.spi.Event;
import garrison.spi.MechanismChanged;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The kernel's switch for trampolines, used as an attacker would: no program is detached, and none runs. */
@Timeout(300)
class EnforcementLostTest {
    private static final Path SWITCH = Path.of("/proc/sys/kernel/ftrace_enabled");

    private final Scene scene = Scene.make(Guest.scratch("truth").resolve("scene"));
    private final List<Event> events = new CopyOnWriteArrayList<>();

    @AfterEach
    void switchOn() throws IOException {
        Files.writeString(SWITCH, "1");
    }

    private Config config(String more) {
        return Policy.parse(new Policy(Mode.ENFORCE).rule("secrets", Attack.Rule.TREE, scene.guarded(), Operation.WRITE).text()
                + "garrison.on-enforcement-lost = " + more + "\n");
    }

    private Garrison start(String onLost) {
        return Garrison.builder().config(config(onLost)).plugin(new FileGuard()).listener(events::add).start();
    }

    private <E extends Event> List<E> heard(Class<E> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private static PluginStatus status(Garrison garrison) {
        return garrison.status().plugins().getFirst();
    }

    private void attack() throws IOException {
        Files.writeString(scene.file(), "overwritten\n");
    }

    private void assertRefused() {
        assertThrows(FileSystemException.class, this::attack);
    }

    private static Status.MechanismStatus lsm(Garrison garrison) {
        return garrison.status().mechanisms().stream().filter(m -> m.mechanism().equals("lsm")).findFirst().orElseThrow();
    }

    /** The negative control of the others. */
    @Test
    void nothingSwitchedOff_manyBeats_nothingIsTold() {
        try (Garrison garrison = start("restore")) {
            assertRefused();
            Instant first = lsm(garrison).lastRun();
            Guest.await("a second of beats", () -> Duration.between(first, lsm(garrison).lastRun()).toMillis() > 1000);
            assertAll(() -> assertEquals("yes", lsm(garrison).runs()),
                    () -> assertEquals(ActualMode.ENFORCE, status(garrison).actual()),
                    () -> assertEquals("", status(garrison).shortfall()),
                    () -> assertTrue(status(garrison).attached().stream().allMatch(a -> a.strategy().equals("lsm"))),
                    () -> assertEquals(List.of(), heard(MechanismChanged.class)),
                    () -> assertEquals(List.of(), heard(EnforcementChanged.class)));
        }
        assertEquals(List.of(), heard(EnforcementChanged.class));
    }

    @Test
    void ftraceSwitchedOff_reportOnly_isToldAndShown_andSoIsItsReturn() throws IOException {
        try (Garrison garrison = start("report")) {
            assertRefused();
            Files.writeString(SWITCH, "0");
            Instant off = Instant.now();
            attack(); // the switch does what is said of it: this is no false alarm
            Guest.await("the loss is told", () -> heard(EnforcementChanged.class).size() == 1);
            EnforcementChanged lost = heard(EnforcementChanged.class).getFirst();
            System.out.println("ftrace_enabled=0 was told after " + Duration.between(off, lost.time()).toMillis() + " ms");
            MechanismChanged how = heard(MechanismChanged.class).getFirst();
            PluginStatus shown = status(garrison);
            assertAll(() -> assertEquals("file-guard", lost.plugin()), () -> assertEquals(Mode.ENFORCE, lost.requested()),
                    () -> assertEquals(ActualMode.NONE, lost.actual()), () -> assertTrue(lost.hooks().contains("file_open")),
                    () -> assertTrue(lost.reason().contains("kernel.ftrace_enabled"), lost.reason()),
                    () -> assertEquals("lsm", how.mechanism()), () -> assertFalse(how.runs()),
                    () -> assertTrue(how.lastRun().isBefore(how.time())),
                    () -> assertEquals(Mode.ENFORCE, shown.mode()), () -> assertEquals(ActualMode.NONE, shown.actual()),
                    () -> assertTrue(shown.shortfall().contains("sysctl kernel.ftrace_enabled=1"), shown.shortfall()),
                    () -> assertEquals("no", lsm(garrison).runs()));
            attack();
            assertEquals("0", Files.readString(SWITCH).strip(), "report does not restore");

            Files.writeString(SWITCH, "1");
            assertRefused();
            Guest.await("the return is told", () -> heard(EnforcementChanged.class).size() == 2);
            assertAll(() -> assertEquals(ActualMode.ENFORCE, heard(EnforcementChanged.class).getLast().actual()),
                    () -> assertEquals(List.of(), heard(EnforcementChanged.class).getLast().hooks()),
                    () -> assertTrue(heard(MechanismChanged.class).getLast().runs()),
                    () -> assertEquals(ActualMode.ENFORCE, status(garrison).actual()));
        }
    }

    @Test
    void ftraceSwitchedOff_restore_isToldAndUndone() throws IOException {
        try (Garrison garrison = start("restore")) {
            assertRefused();
            Instant off = Instant.now();
            Files.writeString(SWITCH, "0");
            Guest.await("loss and return are told", () -> heard(EnforcementChanged.class).size() == 2);
            EnforcementChanged back = heard(EnforcementChanged.class).getLast();
            System.out.println("ftrace_enabled=0 was undone after " + Duration.between(off, back.time()).toMillis() + " ms");
            assertAll(() -> assertEquals(ActualMode.NONE, heard(EnforcementChanged.class).getFirst().actual()),
                    () -> assertEquals(ActualMode.ENFORCE, back.actual()),
                    () -> assertTrue(heard(MechanismChanged.class).getLast().reason().contains("Garrison wrote 1"),
                            heard(MechanismChanged.class).toString()),
                    () -> assertEquals("1", Files.readString(SWITCH).strip()));
            assertRefused();
            assertEquals(ActualMode.ENFORCE, status(garrison).actual());
        }
    }

    /** What attaches meanwhile says OK and is dead. */
    @Test
    void startedWhileSwitchedOff_isToldAtOnce_andRunsOnceSwitchedOn() throws IOException {
        Files.writeString(SWITCH, "0");
        try (Garrison garrison = start("report")) {
            PluginStatus shown = status(garrison);
            assertEquals(ActualMode.NONE, shown.actual(), shown.toString());
            Guest.await("it is told", () -> !heard(EnforcementChanged.class).isEmpty());
            attack();
            garrison.reload(config("restore"));
            Guest.await("it is undone", () -> status(garrison).actual() == ActualMode.ENFORCE);
            assertRefused();
        }
    }
}
