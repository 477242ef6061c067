// SPDX-License-Identifier: Apache-2.0
package garrison.itests.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.cfimonitor.CfiEvent;
import garrison.itests.Command;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The switches that silence BPF programs: turned freely without cfi-monitor; refused, seen and turned back with it. */
@Timeout(400)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(Stage.Shared.class)
class KillSwitchTest {
    private static final Path FTRACE = Stage.FTRACE;
    private static final Path KPROBES = Stage.KPROBES;

    private final EmbeddedMonitor monitor;
    private final Exploit exploit;

    KillSwitchTest(Stage stage) {
        monitor = stage.monitor;
        exploit = stage.exploit;
    }

    /** A shell tells the time and then writes; what is told of it must be told within a second after that. */
    private static Instant turnOff(Path file, boolean works) {
        Command command = Command.run("sh", "-c", "date +%s%N; echo 0 >" + file);
        assertEquals(works, command.exit() == 0, command.toString());
        return Instant.ofEpochSecond(0, Long.parseLong(command.out().strip()));
    }

    private static void assertInTime(Instant begun, CfiEvent event) {
        Duration took = Duration.between(begun, event.time());
        System.out.println(event.caller() + ", " + event.finding() + ": " + took.toMillis() + " ms after its shell told the time");
        assertTrue(took.compareTo(Duration.ofSeconds(1)) <= 0, () -> event + " came after " + took);
    }

    @Test
    void ftraceSwitch_isRefused_alsoThroughADescriptorOpenedBefore() throws IOException {
        monitor.reload("mode = AUDIT, restore-switches = false");
        try (FileChannel before = FileChannel.open(FTRACE, StandardOpenOption.WRITE)) {
            monitor.reload("mode = ENFORCE");
            assertThrows(IOException.class, () -> before.write(ByteBuffer.wrap("0\n".getBytes(StandardCharsets.US_ASCII))));
        }
        Instant begun = turnOff(FTRACE, false);
        assertEquals("1", Files.readString(FTRACE).strip());
        assertInTime(begun, monitor.await("the attempt", e -> e.finding().equals("turning_off") && e.caller().equals("ftrace_enabled")
                && e.comm().equals("sh") && e.time().isAfter(begun)));
        Files.writeString(FTRACE, "1");
    }

    @Test
    void kprobesSwitch_isRefused() throws IOException {
        Instant begun = turnOff(KPROBES, false);
        assertEquals("1", Files.readString(KPROBES).strip());
        assertInTime(begun, monitor.await("the attempt", e -> e.finding().equals("turning_off") && e.caller().equals("kprobes_all_disarmed")
                && e.time().isAfter(begun)));
    }

    /** Where it is not refused it is seen, though no trampoline runs any more, and undone. */
    @Test
    void switchesThatAreOff_areSeenAndTurnedBack() throws IOException {
        Instant start = Instant.now();
        monitor.reload("mode = ENFORCE, deny-switches = false");
        try {
            for (Path file : new Path[] {FTRACE, KPROBES}) {
                String variable = file == FTRACE ? "ftrace_enabled" : "kprobes_all_disarmed";
                Instant begun = turnOff(file, true);
                CfiEvent off = monitor.await(variable + " is seen off",
                        e -> e.finding().equals("switched_off") && e.caller().equals(variable) && e.time().isAfter(begun));
                assertInTime(begun, off);
                monitor.await(variable + " is seen on",
                        e -> e.finding().equals("switched_on") && e.caller().equals(variable) && e.time().isAfter(off.time()));
                assertEquals("1", Files.readString(file).strip());
            }
            assertFalse(monitor.first(e -> e.finding().equals("skipped_entry") && e.time().isAfter(start)).isPresent(),
                    () -> "those who passed an entry whose sensor was off: " + monitor.events());
        } finally {
            monitor.reload("mode = ENFORCE");
        }
    }

    /** No hook sees that. */
    @Test
    void switchWrittenByAModule_isSeenAndTurnedBack() throws IOException {
        exploit.turnOff();
        Instant begun = exploit.begun();
        CfiEvent off = monitor.await("it is seen off", e -> e.finding().equals("switched_off") && e.caller().equals("ftrace_enabled")
                && e.time().isAfter(begun));
        assertInTime(begun, off);
        monitor.await("it is seen on", e -> e.finding().equals("switched_on") && e.caller().equals("ftrace_enabled")
                && e.time().isAfter(off.time()));
        assertEquals("1", Files.readString(FTRACE).strip());
    }

    /** A write that turns nothing off is nobody's business. */
    @Test
    void writesOfOne_raiseNothing() {
        List<CfiEvent> before = monitor.events();
        Command.run("sh", "-c", "echo 1 >" + FTRACE).success();
        monitor.assertNothingToldSince(before);
    }
}
