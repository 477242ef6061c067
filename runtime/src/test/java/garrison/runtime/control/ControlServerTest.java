// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.runtime.event.EventFilter;
import garrison.runtime.event.EventHub;
import garrison.runtime.event.EventStream;
import garrison.runtime.json.JsonObject;
import garrison.runtime.json.JsonText;
import garrison.spi.ConfigurationException;
import garrison.spi.Event;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ControlServerTest {
    private static final Limits LIMITS = new Limits(3, 1000, Duration.ofSeconds(30), 16);

    private record Tick(String plugin, Instant time, String type, long number, String ballast) implements Event {}

    @TempDir
    Path folder;

    private final EventHub hub = new EventHub();
    private Path socket;
    private ControlServer server;

    /** Answers like the program's own operations, without a kernel below. */
    private final class Answers implements Operations {
        @Override
        public Object answer(Request request) {
            return switch (request.operation()) {
                case "status" -> {
                    request.end();
                    yield Map.of("state", "fine");
                }
                case "mode" -> Map.of("plugin", request.string("plugin"));
                case "reload" -> throw new ConfigurationException("g.conf:3", "unknown key x", "remove it");
                case "fail" -> throw new GarrisonException("the kernel said no");
                case "defect" -> throw new IllegalStateException("a bug");
                default -> throw new RequestException("unknown operation " + request.operation());
            };
        }

        @Override
        public EventStream events(EventFilter filter, String receiver) {
            return hub.open(filter, receiver, LIMITS.queue());
        }
    }

    @BeforeEach
    void listen() {
        socket = folder.resolve("control.sock");
        server = new ControlServer(socket, new Answers(), LIMITS);
    }

    @AfterEach
    void stop() {
        hub.close();
        server.close();
    }

    @Test
    void requests_oneAfterTheOther_areAnswered() throws IOException {
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        try (ControlClient client = ControlClient.connect(socket)) {
            assertEquals("fine", JsonObject.of(client.request(Map.of("op", "status"))).text("state"));
            assertEquals("p", JsonObject.of(client.request(Map.of("op", "mode", "plugin", "p"))).text("plugin"));
        }
    }

    @Test
    void failures_areToldByKind_andTheConnectionGoesOn() throws IOException {
        try (SocketChannel raw = raw()) {
            assertRefused(raw, "{\"op\":\"reload\"}", "configuration", "g.conf:3: unknown key x; remove it");
            assertRefused(raw, "{\"op\":\"fail\"}", "failure", "the kernel said no");
            assertRefused(raw, "{\"op\":\"defect\"}", "failure", "a defect of the program");
            assertRefused(raw, "{\"op\":\"nothing\"}", "usage", "unknown operation nothing");
            assertRefused(raw, "{\"op\":\"mode\"}", "usage", "needs a string \"plugin\"");
            assertRefused(raw, "{\"op\":\"status\",\"colour\":1}", "usage", "has no argument \"colour\"");
        }
    }

    @Test
    void hostileLines_getAnErrorLine_andNobodyElseNotices() throws IOException {
        for (String line : List.of("", "x", "{", "[]", "7", "null", "{\"op\":7}", "{\"op\":\"status\",\"op\":\"status\"}",
                "[".repeat(900), "{\"op\":\"events\",\"types\":\"all\"}", "{\"op\":\"events\",\"types\":[1]}", "\u0000\u0001")) {
            try (SocketChannel raw = raw()) {
                assertRefused(raw, line, "usage", "");
                assertRefused(raw, line, "usage", "");
            }
        }
        assertStillServes();
    }

    @Test
    void lineWithoutEnd_isCutOff() throws IOException {
        try (SocketChannel raw = raw()) {
            write(raw, "x".repeat(1001));
            JsonObject answer = read(raw);
            assertTrue(answer.text("error").contains("longer than 1000 bytes"), answer.toString());
            assertEquals(-1, raw.read(ByteBuffer.allocate(1)), "the connection is closed");
        }
        assertStillServes();
    }

    @Test
    void bytesThatAreNoText_areRefused() throws IOException {
        try (SocketChannel raw = raw()) {
            raw.write(ByteBuffer.wrap(new byte[] {(byte) 0xff, (byte) 0xfe, '\n'}));
            assertTrue(read(raw).text("error").contains("not UTF-8"));
        }
        assertStillServes();
    }

    @Test
    void clientThatLeavesInTheMiddle_isForgotten() throws IOException {
        for (int i = 0; i < 20; i++) {
            try (SocketChannel raw = raw()) {
                write(raw, "{\"op\":");
            }
        }
        assertStillServes();
    }

    @Test
    void oneClientTooMany_isTold_andTheNextIsServedWhenOneLeaves() throws IOException {
        List<ControlClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < LIMITS.clients(); i++) {
                clients.add(ControlClient.connect(socket));
                clients.getLast().request(Map.of("op", "status"));
            }
            try (SocketChannel raw = raw()) {
                assertTrue(read(raw).text("error").contains("already 3 control clients"));
            }
            clients.removeLast().close();
            assertStillServes();
        } finally {
            for (ControlClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void silentClient_isClosedAfterTheIdleTime() throws IOException {
        server.close();
        server = new ControlServer(socket, new Answers(), new Limits(3, 1000, Duration.ofMillis(50), 16));
        try (SocketChannel raw = raw()) {
            assertEquals(-1, raw.read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void events_flowToEachClientByItsFilter() throws IOException {
        try (ControlClient all = ControlClient.connect(socket); ControlClient some = ControlClient.connect(socket)) {
            all.request(Map.of("op", "events"));
            some.request(Map.of("op", "events", "types", List.of("b"), "plugins", List.of("p")));
            tick("a", 1, "");
            tick("b", 2, "\n\u009b");
            assertEquals(1, number(all));
            assertEquals(2, number(all));
            assertEquals(2, number(some));
        }
    }

    @Test
    void slowClient_losesEventsCounted_andCostsNobodyElseAny() throws IOException {
        String ballast = "x".repeat(10_000);
        int sent = 500;
        try (ControlClient slow = ControlClient.connect(socket); ControlClient fast = ControlClient.connect(socket)) {
            slow.request(Map.of("op", "events"));
            fast.request(Map.of("op", "events"));
            for (int i = 1; i <= sent; i++) {
                tick("a", i, ballast);
                assertEquals(i, number(fast));
            }
            hub.close();
            long read = 0;
            long lost = 0;
            for (Optional<String> line = slow.next(); line.isPresent(); line = slow.next()) {
                JsonObject event = JsonObject.of(JsonText.read(line.get()));
                if (event.text("type").equals("events_lost")) {
                    lost += event.number("count");
                    assertEquals("listener", event.text("where"));
                } else {
                    read++;
                }
            }
            assertEquals(sent, read + lost);
            assertTrue(lost > 0, "the client was not slow enough to lose any");
        }
    }

    @Test
    void streamingClientThatLeft_isForgottenWithoutAnEvent() throws IOException, InterruptedException {
        for (int i = 0; i < LIMITS.clients(); i++) {
            try (ControlClient client = ControlClient.connect(socket)) {
                client.request(Map.of("op", "events"));
            }
        }
        assertStillServes();
    }

    @Test
    void close_endsStreamsAndWaitsAndRemovesTheSocket() throws IOException {
        try (ControlClient streaming = ControlClient.connect(socket); SocketChannel idle = raw()) {
            streaming.request(Map.of("op", "events"));
            tick("a", 1, "");
            hub.close();
            assertTimeoutPreemptively(Duration.ofSeconds(20), server::close);
            assertEquals(1, number(streaming));
            assertEquals(Optional.empty(), streaming.next());
            assertEquals(-1, idle.read(ByteBuffer.allocate(1)));
        }
        assertFalse(Files.exists(socket));
        assertThrows(NotRunningException.class, () -> ControlClient.connect(socket));
    }

    @Test
    void close_withAClientThatNeverReads_isNotHeldUp() throws IOException {
        try (SocketChannel stuck = raw()) {
            write(stuck, "{\"op\":\"events\"}\n");
            read(stuck);
            for (int i = 0; i < 100; i++) {
                tick("a", i, "x".repeat(50_000));
            }
            assertTimeoutPreemptively(Duration.ofSeconds(20), server::close);
        }
    }

    private void tick(String type, long number, String ballast) {
        hub.onEvent(new Tick("p", Instant.EPOCH, type, number, ballast));
    }

    private static long number(ControlClient client) {
        return JsonObject.of(JsonText.read(client.next().orElseThrow())).number("number");
    }

    /** A place may become free a moment after its client has left. */
    private void assertStillServes() throws IOException {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (true) {
            try (ControlClient client = ControlClient.connect(socket)) {
                assertEquals("fine", JsonObject.of(client.request(Map.of("op", "status"))).text("state"));
                return;
            } catch (GarrisonException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
                Thread.onSpinWait();
            }
        }
    }

    private static void assertRefused(SocketChannel raw, String line, String kind, String words) throws IOException {
        write(raw, line + "\n");
        JsonObject answer = read(raw);
        assertEquals(false, answer.fields().get("ok"), line);
        assertEquals(kind, answer.text("kind"), line);
        assertTrue(answer.text("error").contains(words) && !answer.text("error").isEmpty(), answer.text("error"));
    }

    private SocketChannel raw() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(socket));
    }

    private static void write(SocketChannel raw, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            raw.write(bytes);
        }
    }

    private static JsonObject read(SocketChannel raw) throws IOException {
        StringBuilder line = new StringBuilder();
        ByteBuffer one = ByteBuffer.allocate(1);
        while (raw.read(one.clear()) == 1 && one.get(0) != '\n') {
            line.append((char) one.get(0));
        }
        return JsonObject.of(JsonText.read(line.toString()));
    }
}
