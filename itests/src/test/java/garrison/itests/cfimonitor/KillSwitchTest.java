// SPDX-License-Identifier: Apache-2.0
package garrison.itests.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Command;
import garrison.itests.Guest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** The switches that silence BPF programs: turned freely without cfi-monitor; refused, seen and turned back with it. */
@Timeout(400)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KillSwitchTest {
    private static final Path FTRACE = Path.of("/proc/sys/kernel/ftrace_enabled");
    private static final Path KPROBES = Path.of("/sys/kernel/debug/kprobes/enabled");

    private EmbeddedMonitor monitor;

    /** Without the plugin the writes succeed. */
    @BeforeAll
    void start() throws IOException {
        for (Path file : new Path[] {FTRACE, KPROBES}) {
            Command.run("sh", "-c", "echo 0 >" + file).success();
            assertEquals("0", Files.readString(file).strip(), file + " is off without the plugin");
            Files.writeString(file, "1");
        }
        monitor = new EmbeddedMonitor("mode = ENFORCE");
    }

    @AfterAll
    void stop() {
        monitor.close();
    }

    @Test
    void ftraceSwitch_isRefused_alsoThroughADescriptorOpenedBefore() throws IOException {
        monitor.reload("mode = AUDIT, restore-switches = false");
        try (FileChannel before = FileChannel.open(FTRACE, StandardOpenOption.WRITE)) {
            monitor.reload("mode = ENFORCE");
            assertThrows(IOException.class, () -> before.write(ByteBuffer.wrap("0\n".getBytes(StandardCharsets.US_ASCII))));
        }
        assertTrue(Command.run("sh", "-c", "echo 0 >" + FTRACE).exit() != 0);
        assertEquals("1", Files.readString(FTRACE).strip());
        monitor.await("the attempt", e -> e.finding().equals("turning_off") && e.caller().equals("ftrace_enabled") && e.comm().equals("sh"));
        Files.writeString(FTRACE, "1");
    }

    @Test
    void kprobesSwitch_isRefused() throws IOException {
        assertTrue(Command.run("sh", "-c", "echo 0 >" + KPROBES).exit() != 0);
        assertEquals("1", Files.readString(KPROBES).strip());
        monitor.await("the attempt", e -> e.finding().equals("turning_off") && e.caller().equals("kprobes_all_disarmed"));
    }

    /** Where it is not refused it is seen, though no trampoline runs any more, and undone. */
    @Test
    void switchesThatAreOff_areSeenAndTurnedBack() throws IOException {
        monitor.reload("mode = ENFORCE, deny-switches = false");
        try {
            for (Path file : new Path[] {FTRACE, KPROBES}) {
                String variable = file == FTRACE ? "ftrace_enabled" : "kprobes_all_disarmed";
                Command.run("sh", "-c", "echo 0 >" + file).success();
                monitor.await(variable + " is seen off", e -> e.finding().equals("switched_off") && e.caller().equals(variable));
                monitor.await(variable + " is seen on", e -> e.finding().equals("switched_on") && e.caller().equals(variable));
                assertEquals("1", Files.readString(file).strip());
            }
        } finally {
            monitor.reload("mode = ENFORCE");
        }
    }

    /** A write that turns nothing off is nobody's business. */
    @Test
    void writesOfOne_raiseNothing() throws IOException {
        long before = monitor.events().size();
        Command.run("sh", "-c", "echo 1 >" + FTRACE).success();
        long walks = monitor.walks();
        Guest.await("two more walks", () -> monitor.walks() > walks + 2);
        assertEquals(before, monitor.events().size(), monitor.events().toString());
    }
}
