// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import garrison.runtime.config.RuntimeSettings.EventLogSettings;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventHistoryTest {
    @TempDir
    Path folder;
    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("events.jsonl");
    }

    private static String line(int minute, int number) {
        return "{\"time\":\"2026-11-22T05:%02d:00.000000001Z\",\"number\":%d}%n".formatted(minute, number);
    }

    private EventHistory history(Instant since) {
        return new EventHistory(new EventLogSettings(file, 1 << 20, 3), since);
    }

    private static List<Object> numbers(EventHistory history) {
        return history.lines().map(event -> event.get("number")).toList();
    }

    @Test
    void fullFiles_areReadBeforeTheOneInUse() throws IOException {
        Files.writeString(folder.resolve("events.jsonl.2"), line(1, 1) + line(2, 2));
        Files.writeString(folder.resolve("events.jsonl.1"), line(3, 3));
        Files.writeString(file, line(4, 4));
        assertEquals(List.of(1L, 2L, 3L, 4L), numbers(history(Instant.MIN)));
    }

    @Test
    void earlierLines_arePassedOver() throws IOException {
        Files.writeString(file, line(1, 1) + line(2, 2) + line(3, 3));
        EventHistory history = history(Instant.parse("2026-11-22T05:02:00Z"));
        assertEquals(List.of(2L, 3L), numbers(history));
        assertEquals(0, history.unreadable());
    }

    @Test
    void linesThatAreNoEvents_areCounted() throws IOException {
        Files.writeString(file, line(1, 1) + "{\"time\":\"2026\n[]\n\n{\"number\":9}\n");
        Files.write(file, new byte[] {'{', '"', (byte) 0xc3, '\n'}, StandardOpenOption.APPEND);
        Files.writeString(file, line(2, 2), StandardOpenOption.APPEND);
        EventHistory history = history(Instant.MIN);
        assertEquals(List.of(1L, 2L), numbers(history));
        assertEquals(4, history.unreadable());
    }

    @Test
    void noLog_isToldByItsName() {
        GarrisonException e = assertThrows(GarrisonException.class, () -> numbers(history(Instant.MIN)));
        assertEquals(true, e.getMessage().contains(file.toString()), e.getMessage());
    }
}
