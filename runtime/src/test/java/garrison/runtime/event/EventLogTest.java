// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.runtime.config.RuntimeSettings.EventLogSettings;
import garrison.runtime.json.JsonObject;
import garrison.runtime.json.JsonText;
import garrison.spi.Event;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventLogTest {
    private record Tick(String plugin, Instant time, long number) implements Event {
        @Override
        public String type() {
            return "tick";
        }
    }

    @TempDir
    Path folder;

    private Path file;
    private final EventHub hub = new EventHub();

    @BeforeEach
    void name() {
        file = folder.resolve("events.jsonl");
    }

    @Test
    void events_areInTheFile_whenTheLogIsClosed() throws IOException {
        try (EventLog _ = log(1 << 20, 3)) {
            ticks(1, 100);
        }
        assertEquals(LongStream.rangeClosed(1, 100).boxed().toList(), numbers(file));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void fileThatIsThere_isAppendedTo_andATornLineEnded() throws IOException {
        Files.writeString(file, "{\"number\":0}\n{\"torn\":");
        try (EventLog _ = log(1 << 20, 3)) {
            ticks(1, 1);
        }
        List<String> lines = Files.readAllLines(file);
        assertEquals(3, lines.size());
        assertEquals("{\"torn\":", lines.get(1));
        assertEquals(1, JsonObject.of(JsonText.read(lines.get(2))).number("number"));
    }

    @Test
    void fullFile_isTurnedOver_andOnlySoManyAreKept() throws IOException {
        try (EventLog _ = log(1000, 2)) {
            ticks(1, 100);
        }
        List<Long> kept = new ArrayList<>();
        for (String name : List.of("events.jsonl.2", "events.jsonl.1", "events.jsonl")) {
            assertTrue(Files.size(folder.resolve(name)) <= 1000, name);
            kept.addAll(numbers(folder.resolve(name)));
        }
        assertEquals(LongStream.rangeClosed(101 - kept.size(), 100).boxed().toList(), kept, "the newest, without a gap");
        assertTrue(kept.size() > 20, kept.toString());
        try (var files = Files.list(folder)) {
            assertEquals(3, files.count());
        }
    }

    @Test
    void fullFile_withNoneToKeep_isBegunAnew() throws IOException {
        try (EventLog _ = log(1000, 0)) {
            ticks(1, 100);
        }
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
        assertTrue(Files.size(file) <= 1000);
        assertEquals(100, numbers(file).getLast());
    }

    @Test
    void folderThatIsNotThere_isToldAtOnce() {
        file = folder.resolve("none/events.jsonl");
        String message = assertThrows(GarrisonException.class, () -> log(1000, 0)).getMessage();
        assertTrue(message.contains("its folder does not exist"), message);
    }

    @Test
    void linkInPlaceOfTheFile_isRefused_andItsTargetUntouched() throws IOException {
        Path target = Files.writeString(folder.resolve("target"), "precious");
        Files.createSymbolicLink(file, target);
        assertThrows(GarrisonException.class, () -> log(1000, 0));
        assertEquals("precious", Files.readString(target));
    }

    /** /dev/full fails every write as a full disk does; the log goes on trying and closes in time. */
    @Test
    void fullDisk_stopsNobody() {
        file = Path.of("/dev/full");
        long begin = System.nanoTime();
        try (EventLog _ = log(1 << 20, 0)) {
            ticks(1, 10);
        }
        assertTrue(System.nanoTime() - begin < 20_000_000_000L);
    }

    /** A folder in the place of the old file keeps the full one from being turned over, until it is taken away. */
    @Test
    void fileThatCannotBeWritten_countsExactlyWhatIsLost_andTellsItInItsPlace() throws IOException, InterruptedException {
        Path obstacle = Files.createDirectories(folder.resolve("events.jsonl.1/inner"));
        long bytes = 4000;
        long sent = 300;
        try (EventLog _ = new EventLog(new EventLogSettings(file, bytes, 1), hub, 16)) {
            ticks(1, sent);
            long full = System.nanoTime() + 20_000_000_000L;
            while (Files.size(file) == 0) {
                assertTrue(System.nanoTime() < full, "nothing was written");
                Thread.sleep(10);
            }
            // In one step: a folder that is empty for a moment would be replaced by the log.
            Files.move(obstacle.getParent(), folder.resolve("away"));
        }
        List<Path> files = Files.exists(folder.resolve("events.jsonl.1"))
                ? List.of(folder.resolve("events.jsonl.1"), file) : List.of(file);
        long next = 1;
        long lost = 0;
        for (Path part : files) {
            for (String line : Files.readAllLines(part)) {
                JsonObject event = JsonObject.of(JsonText.read(line));
                if (event.text("type").equals("events_lost")) {
                    lost += event.number("count");
                    next += event.number("count");
                } else {
                    assertEquals(next++, event.number("number"), "missing, and not told in its place");
                }
            }
        }
        assertEquals(sent + 1, next, "every event is in the file or counted");
        assertTrue(lost > 0, "the queue never overflowed: nothing was tried");
    }

    @Test
    void folderTakenAway_andPutBack_everyEventIsWrittenOrCounted() throws IOException, InterruptedException {
        Path logs = Files.createDirectory(folder.resolve("logs"));
        Path away = folder.resolve("away");
        file = logs.resolve("events.jsonl");
        try (EventLog _ = new EventLog(new EventLogSettings(file, 1, 100), hub, 4)) {
            ticks(1, 1);
            long deadline = System.nanoTime() + 20_000_000_000L;
            while (Files.size(file) == 0) {
                assertTrue(System.nanoTime() < deadline, "nothing was written");
                Thread.sleep(10);
            }
            // Each line needs a new file, for which there is no folder: one line is held, four wait, the others are lost.
            Files.move(logs, away);
            ticks(2, 50);
            Thread.sleep(200);
            ticks(51, 60);
            Files.move(away, logs);
        }
        long events = 0;
        long lost = 0;
        try (var parts = Files.list(logs)) {
            for (Path part : parts.toList()) {
                for (String line : Files.readAllLines(part)) {
                    JsonObject event = JsonObject.of(JsonText.read(line));
                    if (event.text("type").equals("events_lost")) {
                        lost += event.number("count");
                    } else {
                        events++;
                    }
                }
            }
        }
        assertEquals(60, events + lost, events + " in the files, " + lost + " told as lost");
        assertTrue(lost > 40, "the queue hardly overflowed: " + lost);
    }

    private EventLog log(long bytes, int keep) {
        return new EventLog(new EventLogSettings(file, bytes, keep), hub, 1000);
    }

    private void ticks(long from, long to) {
        for (long i = from; i <= to; i++) {
            hub.onEvent(new Tick("a", Instant.EPOCH, i));
        }
    }

    private static List<Long> numbers(Path file) throws IOException {
        return Files.readAllLines(file).stream().map(line -> JsonObject.of(JsonText.read(line)).number("number")).toList();
    }
}
