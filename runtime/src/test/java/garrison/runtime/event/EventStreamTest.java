// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.runtime.json.JsonObject;
import garrison.runtime.json.JsonText;
import garrison.spi.Event;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EventStreamTest {
    private static final Duration NOW = Duration.ZERO;

    private record Tick(String plugin, Instant time, String type, long number) implements Event {}

    private record Broken(String plugin, Instant time) implements Event {
        @Override
        public String type() {
            return "broken";
        }

        @Override
        public Instant time() {
            throw new IllegalStateException("no time");
        }
    }

    private final EventHub hub = new EventHub();

    @Test
    void slowReader_losesEvents_andIsToldHowManyInTheirPlace() throws InterruptedException {
        EventStream stream = hub.open(EventFilter.ALL, "slow", 4);
        ticks(1, 10);
        assertEquals(List.of("1", "2", "3", "4"), read(stream, 4));
        ticks(11, 12);
        assertEquals(List.of("lost 6 of 6", "11", "12"), read(stream, 10));
        ticks(13, 14);
        assertEquals(List.of("13", "14"), read(stream, 10));
    }

    @Test
    void loss_isToldEvenIfNoEventFollows() throws InterruptedException {
        EventStream stream = hub.open(EventFilter.ALL, "slow", 2);
        ticks(1, 5);
        assertEquals(List.of("1", "2", "lost 3 of 3"), read(stream, 10));
        ticks(6, 8);
        assertEquals(List.of("6", "7", "lost 1 of 4"), read(stream, 10));
    }

    @Test
    void everyEvent_isEitherReadOrCounted_whenReaderAndWriterRace() throws InterruptedException {
        EventStream stream = hub.open(EventFilter.ALL, "racing", 8);
        long sent = 200_000;
        Thread writer = Thread.ofPlatform().start(() -> {
            ticks(1, sent);
            hub.close();
        });
        long read = 0;
        long lost = 0;
        while (!stream.finished()) {
            Optional<byte[]> line = stream.next(Duration.ofSeconds(20));
            if (line.isPresent()) {
                JsonObject event = json(line.get());
                if (event.text("type").equals("events_lost")) {
                    lost += event.number("count");
                } else {
                    // What was lost before this event has been told before it.
                    assertEquals(read + lost + 1, event.number("number"), "an event is missing and not told");
                    read++;
                }
            }
        }
        writer.join();
        assertEquals(sent, read + lost);
    }

    @Test
    void filter_keepsOthersOut() throws InterruptedException {
        EventStream stream = hub.open(new EventFilter(Set.of("tick"), Set.of("a")), "picky", 10);
        hub.onEvent(new Tick("a", Instant.EPOCH, "tick", 1));
        hub.onEvent(new Tick("b", Instant.EPOCH, "tick", 2));
        hub.onEvent(new Tick("a", Instant.EPOCH, "tock", 3));
        hub.onEvent(new Tick("a", Instant.EPOCH, "tick", 4));
        assertEquals(List.of("1", "4"), read(stream, 10));
    }

    @Test
    void event_thatCannotBeWritten_isToldAsLost() throws InterruptedException {
        EventStream stream = hub.open(EventFilter.ALL, "any", 10);
        hub.onEvent(new Broken("a", Instant.EPOCH));
        JsonObject told = json(stream.next(NOW).orElseThrow());
        assertEquals("events_lost", told.text("type"));
        assertTrue(told.text("detail").contains("no time"), told.text("detail"));
    }

    @Test
    void closedStream_getsNothingMore() throws InterruptedException {
        EventStream stream = hub.open(EventFilter.ALL, "gone", 10);
        ticks(1, 1);
        stream.close();
        ticks(2, 2);
        assertEquals(List.of("1"), read(stream, 10));
        assertTrue(stream.finished());
    }

    @Test
    void capacity_withoutRoomToTellALoss_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> hub.open(EventFilter.ALL, "none", 1));
    }

    @Test
    void waitingReader_isWokenByAnEvent() throws InterruptedException {
        EventStream stream = hub.open(EventFilter.ALL, "waiting", 10);
        assertFalse(stream.next(Duration.ofMillis(1)).isPresent());
        Thread.ofPlatform().start(() -> ticks(1, 1));
        assertTrue(stream.next(Duration.ofSeconds(20)).isPresent());
    }

    private void ticks(long from, long to) {
        for (long i = from; i <= to; i++) {
            hub.onEvent(new Tick("a", Instant.EPOCH, "tick", i));
        }
    }

    private static List<String> read(EventStream stream, int most) throws InterruptedException {
        List<String> lines = new ArrayList<>();
        while (lines.size() < most) {
            Optional<byte[]> line = stream.next(NOW);
            if (line.isEmpty()) {
                break;
            }
            JsonObject event = json(line.get());
            lines.add(event.text("type").equals("events_lost")
                    ? "lost " + event.number("count") + " of " + event.number("total") : event.text("number"));
        }
        return lines;
    }

    private static JsonObject json(byte[] line) {
        assertEquals('\n', line[line.length - 1]);
        return JsonObject.of(JsonText.read(new String(line, StandardCharsets.UTF_8)));
    }
}
