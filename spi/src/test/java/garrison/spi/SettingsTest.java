// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    @TempDir
    Path folder;

    private Path file;

    /** The file's object {@code g}. */
    private Settings read(String hocon) throws IOException {
        file = folder.resolve("garrison.conf");
        Files.writeString(file, hocon);
        return Settings.of(ConfigFactory.parseFile(file.toFile()).resolve(), "").object("g");
    }

    private void assertRefused(int line, String problem, String remedy, Runnable reading) {
        ConfigurationException e = assertThrows(ConfigurationException.class, reading::run);
        assertEquals(file + ":" + line, e.place());
        assertEquals(file + ":" + line + ": " + problem + "; " + remedy, e.getMessage());
    }

    @Test
    void unknownKey_isRefusedWithFileLineAndNearestKey() throws IOException {
        Settings g = read("g {\n  queue = 5\n\n  redaer = direct\n}\n");
        g.integer("queue", 1, 10, 1);
        g.string("reader", "direct");
        assertRefused(4, "unknown key g.redaer", "did you mean 'reader'? known keys: queue, reader", g::end);
    }

    @Test
    void unknownKey_farFromAllKnown_isRefusedWithoutSuggestion() throws IOException {
        Settings g = read("g { zzzzzzzz = 1 }");
        g.bool("on", true);
        assertRefused(1, "unknown key g.zzzzzzzz", "known keys: on", g::end);
    }

    @Test
    void unknownKey_inListedObject_isRefusedWithItsIndex() throws IOException {
        Settings g = read("g.rules = [\n { path = /a }\n { path = /b\n   pth = /c }\n]\n");
        g.objects("rules").forEach(rule -> rule.string("path"));
        assertRefused(4, "unknown key g.rules[1].pth", "did you mean 'path'? known keys: path", g::end);
    }

    @Test
    void unknownKey_inNamedObject_isRefusedWithItsName() throws IOException {
        Settings g = read("g.sets {\n  b { x = 1 }\n  a { y = 1 }\n}\n");
        assertEquals(List.of("a", "b"), List.copyOf(g.named("sets").keySet()));
        g.named("sets").values().forEach(s -> s.integer("x", 0, 9, 0));
        assertRefused(3, "unknown key g.sets.a.y", "did you mean 'x'? known keys: x", g::end);
    }

    @Test
    void allKeysAskedFor_endAccepts() throws IOException {
        Settings g = read("g { a = 1, b { c = yes }, d = [ { e = x } ] }");
        assertEquals(1, g.integer("a", 0, 9, 0));
        assertTrue(g.object("b").bool("c", false));
        assertEquals("x", g.objects("d").getFirst().string("e"));
        g.end();
    }

    @Test
    void object_readTwiceInParts_endAcceptsTheWhole() throws IOException {
        Settings g = read("g { b { c = 1, d = 2 } }");
        g.object("b").integer("c", 0, 9, 0);
        g.object("b").integer("d", 0, 9, 0);
        g.end();
    }

    @Test
    void missingKey_isRefusedAtTheObjectsPlace() throws IOException {
        Settings g = read("# first\ng {\n  a = 1\n}\n");
        assertRefused(2, "g.path is missing", "add path = …", () -> g.string("path"));
    }

    @Test
    void wrongEnum_isRefusedWithTheChoices() throws IOException {
        Settings g = read("g {\n mode = BLOCK\n units = [ seconds, days ]\n unit = micro-seconds }");
        assertRefused(2, "g.mode is 'BLOCK'", "write one of AUDIT, ENFORCE", () -> g.choice("mode", Mode.class, Mode.AUDIT));
        assertEquals(List.of(TimeUnit.SECONDS, TimeUnit.DAYS), g.choices("units", TimeUnit.class));
        assertRefused(4, "g.unit is 'micro-seconds'",
                "write one of nanoseconds, microseconds, milliseconds, seconds, minutes, hours, days",
                () -> g.choice("unit", TimeUnit.class, TimeUnit.DAYS));
    }

    @Test
    void enum_isReadInAnyCase() throws IOException {
        Settings g = read("g { a = enforce, b = Enforce }");
        assertEquals(Mode.ENFORCE, g.choice("a", Mode.class, Mode.AUDIT));
        assertEquals(Mode.ENFORCE, g.choice("b", Mode.class, Mode.AUDIT));
        assertEquals(Mode.AUDIT, g.choice("absent", Mode.class, Mode.AUDIT));
    }

    @Test
    void number_outOfRangeOrBroken_isRefused() throws IOException {
        Settings g = read("g {\n a = 11\n b = 1.5\n c = many\n d = 9223372036854775807 }");
        assertRefused(2, "g.a is 11", "give a number from 1 to 10", () -> g.integer("a", 1, 10, 1));
        assertRefused(3, "g.b is 1.5", "write a whole number", () -> g.integer("b", 1, 10, 1));
        assertRefused(4, "g.c is many", "write a whole number", () -> g.integer("c", 1, 10, 1));
        assertEquals(Long.MAX_VALUE, g.integer("d", 1, Long.MAX_VALUE, 1));
    }

    @Test
    void wrongShape_isRefused() throws IOException {
        Settings g = read("g {\n list = [ a, b ]\n object { x = 1 }\n text = word\n items = [ 1 ]\n}");
        assertAll(
                () -> assertRefused(2, "g.list is a list", "write text", () -> g.string("list")),
                () -> assertRefused(3, "g.object is an object", "write a list: object = [ { … } ]", () -> g.objects("object")),
                () -> assertRefused(4, "g.text is 'word'", "write an object: text { … }", () -> g.object("text")),
                () -> assertRefused(4, "g.text is word", "write true or false", () -> g.bool("text", true)),
                () -> assertRefused(5, "g.items[0] is '1'", "write an object: items { … }", () -> g.objects("items")));
    }

    @Test
    void singleValue_readsAsListOfOne() throws IOException {
        Settings g = read("g { a = x, b = [ x, 1, true ], c = enforce }");
        assertEquals(List.of("x"), g.strings("a"));
        assertEquals(List.of("x", "1", "true"), g.strings("b"));
        assertEquals(List.of(), g.strings("absent"));
        assertEquals(List.of(Mode.ENFORCE), g.choices("c", Mode.class));
    }

    @Test
    void nullValue_readsAsAbsent() throws IOException {
        Settings g = read("g { a = null }");
        assertFalse(g.has("a"));
        assertEquals("x", g.string("a", "x"));
        g.end();
    }

    @Test
    void error_pointsAtTheValueOrTheObject() throws IOException {
        Settings g = read("g {\n  from = 5\n}\n");
        assertEquals(file + ":2: g.from is after g.to; swap them", g.error("from", "is after g.to", "swap them").getMessage());
        assertEquals(file + ":1: g.to is needed with from; add it", g.error("to", "is needed with from", "add it").getMessage());
    }

    @Test
    void parsedString_namesItsOriginWithoutLine() {
        Settings g = Settings.of(ConfigFactory.parseString("g { x = 1 }"), "").object("g");
        ConfigurationException e = assertThrows(ConfigurationException.class, g::end);
        assertTrue(e.getMessage().contains("unknown key g.x; no key is allowed here"), e.getMessage());
    }
}
