// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import garrison.spi.Event;
import garrison.spi.EventsLost;
import garrison.spi.Mode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JsonTextTest {
    private record Inner(String exePath, byte[] digest) {}

    private record Access(String plugin, Instant time, String ruleName, Mode mode, long inode, Inner by, List<Integer> fdNumbers,
            Optional<String> note, boolean denied, Duration took) implements Event {
        @Override
        public String type() {
            return "file_access";
        }
    }

    private record Named(String plugin, Instant time, String type) implements Event {}

    @Test
    void event_ofRecord_hasTimePluginTypeFirstAndSnakeCase() throws IOException {
        Instant time = Instant.parse("2026-03-04T05:06:07.000000089Z");
        String line = EventJson.line(new Access("file-guard", time, "no \"quotes\"", Mode.ENFORCE, Long.MAX_VALUE,
                new Inner("/bin/\u00e4\n\t\\", new byte[] {0, (byte) 0xff}), List.of(1, -2), Optional.empty(), true,
                Duration.ofMillis(1500)));

        Map<String, Object> read = parse(line);
        assertEquals(List.of("time", "plugin", "type", "rule_name", "mode", "inode", "by", "fd_numbers", "note", "denied", "took"),
                List.copyOf(read.keySet()));
        assertEquals("2026-03-04T05:06:07.000000089Z", read.get("time"));
        assertEquals("file-guard", read.get("plugin"));
        assertEquals("file_access", read.get("type"));
        assertEquals("no \"quotes\"", read.get("rule_name"));
        assertEquals("ENFORCE", read.get("mode"));
        assertEquals(Long.MAX_VALUE, read.get("inode"));
        assertEquals("/bin/\u00e4\n\t\\", ((Map<?, ?>) read.get("by")).get("exe_path"));
        assertEquals("00ff", ((Map<?, ?>) read.get("by")).get("digest"));
        assertEquals(true, read.get("denied"));
        assertEquals(1.5, read.get("took"));
        assertTrue(read.containsKey("note") && read.get("note") == null);
        assertFalse(line.contains("\n"));
    }

    @Test
    void event_withAWholeSecond_stillHasNineDigits() {
        String line = EventJson.line(new EventsLost("p", Instant.ofEpochSecond(0), "ring", 1, 2, ""));
        assertTrue(line.startsWith("{\"time\":\"1970-01-01T00:00:00.000000000Z\",\"plugin\":\"p\",\"type\":\"events_lost\",\"where\""), line);
    }

    @Test
    void event_whoseTypeIsAComponent_tellsItOnce() throws IOException {
        Map<String, Object> read = parse(EventJson.line(new Named("p", Instant.EPOCH, "custom")));
        assertEquals(List.of("time", "plugin", "type"), List.copyOf(read.keySet()));
        assertEquals("custom", read.get("type"));
    }

    @Test
    void text_thatATerminalObeys_isEscapedAndReadBackTheSame() throws IOException {
        StringBuilder hostile = new StringBuilder();
        for (int c = 0; c < 0x3000; c++) {
            hostile.append((char) c);
        }
        String json = JsonText.write(Map.of("name", hostile.toString()));
        assertEquals(hostile.toString(), parse(json).get("name"));
        assertFalse(json.chars().anyMatch(c -> c < 0x20 || c >= 0x7f && c <= 0x9f || c >= 0x202a && c <= 0x202e
                || c == 0x2028 || c == 0x2029 || c >= 0x2066 && c <= 0x2069), "a control character is left");
    }

    @Test
    void text_withHalfASurrogate_isStillJson() throws IOException {
        assertTrue(parse(JsonText.write(Map.of("name", "a\ud800b"))).get("name").toString().startsWith("a"));
    }

    @Test
    void names_inCamelCase_becomeSnakeCase() {
        assertEquals("rule_name", RecordShape.snakeCase("ruleName"));
        assertEquals("exe_url", RecordShape.snakeCase("exeURL"));
        assertEquals("url_of_exe", RecordShape.snakeCase("URLOfExe"));
        assertEquals("inode2", RecordShape.snakeCase("inode2"));
    }

    @Test
    void read_ofWhatIsNoJson_throwsWithItsPlace() {
        for (String text : List.of("", "{", "{\"a\":1}{", "{\"a\":1,\"a\":2}", "[1,]", "nul", "\"\u0001\"",
                "[".repeat(100) + "]".repeat(100), "1".repeat(2000))) {
            assertThrows(JsonSyntaxException.class, () -> JsonText.read(text), text);
        }
    }

    @Test
    void read_ofWhatWasWritten_isTheSame() {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("a", Arrays.asList(1L, 2.5, null, true, "x", Map.of()));
        value.put("b", new java.math.BigInteger("18446744073709551615"));
        assertEquals(value, JsonText.read(JsonText.write(value)));
    }

    /** With the parser alone, and as strict as it comes: not by the code under test. */
    private static Map<String, Object> parse(String json) throws IOException {
        try (JsonParser in = new JsonFactory().createParser(json)) {
            assertEquals(JsonToken.START_OBJECT, in.nextToken());
            Map<String, Object> object = object(in);
            assertEquals(null, in.nextToken());
            return object;
        }
    }

    private static Map<String, Object> object(JsonParser in) throws IOException {
        Map<String, Object> object = new LinkedHashMap<>();
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String name = in.currentName();
            switch (in.nextToken()) {
                case START_OBJECT -> object.put(name, object(in));
                case START_ARRAY -> {
                    in.skipChildren();
                    object.put(name, "array");
                }
                case VALUE_NUMBER_INT -> object.put(name, in.getLongValue());
                case VALUE_NUMBER_FLOAT -> object.put(name, in.getDoubleValue());
                case VALUE_TRUE, VALUE_FALSE -> object.put(name, in.getBooleanValue());
                case VALUE_NULL -> object.put(name, null);
                default -> object.put(name, in.getText());
            }
        }
        return object;
    }
}
