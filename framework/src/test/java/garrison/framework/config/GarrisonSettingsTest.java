// SPDX-License-Identifier: Apache-2.0
package garrison.framework.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.config.GarrisonSettings.ReaderKind;
import garrison.spi.ConfigurationException;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GarrisonSettingsTest {
    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("garrison.conf");
    }

    private Config parse(String hocon) {
        try {
            Files.writeString(file, hocon);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return GarrisonSettings.file(file);
    }

    private void assertRefused(String message, String hocon) {
        ConfigurationException e = assertThrows(ConfigurationException.class, () -> GarrisonSettings.of(parse(hocon)));
        assertEquals(file + message, e.getMessage());
    }

    @Test
    void emptyConfiguration_hasTheDefaults() {
        GarrisonSettings settings = GarrisonSettings.of(ConfigFactory.empty());
        assertEquals(Mode.AUDIT, settings.mode());
        assertEquals(65536, settings.queue());
        assertEquals(ReaderKind.DIRECT, settings.reader());
        assertEquals(Set.of(), settings.configured());
    }

    @Test
    void runtimeKeys_arePassedOver() {
        GarrisonSettings settings = GarrisonSettings.of(parse("garrison { runtime { socket = /run/x, anything { goes = 1 } } }"));
        assertEquals(Mode.AUDIT, settings.mode());
    }

    @Test
    void unknownKey_isRefusedByFileAndLine() {
        assertRefused(":3: unknown key garrison.plugin; did you mean 'plugins'? known keys: events, guard-pins, instance, linger, mode,"
                + " on-enforcement-lost, pin, plugins, runtime, statistics, trust",
                "garrison {\n  mode = AUDIT\n  plugin { }\n}\n");
        assertRefused(":2: unknown key garrison.events.size; known keys: queue, reader", "garrison.events {\n  size = 5 }");
    }

    @Test
    void wrongValue_isRefusedByFileAndLine() {
        assertRefused(":2: garrison.mode is 'DENY'; write one of AUDIT, ENFORCE", "garrison {\n mode = DENY }");
        assertRefused(":2: garrison.events.queue is 1; give a number from 16 to 16777216", "garrison.events {\n queue = 1 }");
        assertRefused(":2: garrison.plugins.x is '5'; write an object: x { … }", "garrison.plugins {\n x = 5 }");
        assertRefused(":1: garrison is '5'; write an object: garrison { … }", "garrison = 5");
    }

    @Test
    void syntaxError_isRefusedByFileAndLine() {
        ConfigurationException e = assertThrows(ConfigurationException.class, () -> parse("garrison {\n  mode = [\n}\n"));
        assertTrue(e.getMessage().startsWith(file + ":3: "), e.getMessage());
        assertFalse(e.getMessage().substring(file.toString().length()).contains(file.toString()), "the place once: " + e.getMessage());
    }

    @Test
    void unresolvedSubstitution_isRefusedByFileAndLine() {
        ConfigurationException e = assertThrows(ConfigurationException.class,
                () -> GarrisonSettings.of(parse("garrison {\n  mode = ${nowhere}\n}\n")));
        assertTrue(e.getMessage().startsWith(file + ":2: "), e.getMessage());
        assertTrue(e.getMessage().contains("nowhere"), e.getMessage());
    }

    @Test
    void missingFile_isRefusedWithItsName() {
        ConfigurationException e = assertThrows(ConfigurationException.class, () -> GarrisonSettings.file(file));
        assertTrue(e.getMessage().startsWith(file + ": cannot be read: "), e.getMessage());
    }

    @Test
    void plugin_hasItsDefaultsUnderTheUsersKeys_andTheGlobalMode() {
        GarrisonSettings settings = GarrisonSettings.of(parse("garrison { mode = ENFORCE, plugins.ring-test.extra = 1 }"));
        PluginSettings plugin = settings.plugin("ring-test", GarrisonSettings.defaults(getClass()));
        assertTrue(plugin.enabled());
        assertEquals(Mode.ENFORCE, plugin.mode());
        assertEquals(7, plugin.settings().integer("limit", 1, 9, 1));
        ConfigurationException e = assertThrows(ConfigurationException.class, plugin.settings()::end);
        assertEquals(file + ":1: unknown key garrison.plugins.ring-test.extra; known keys: budget, enabled, grace, limit, mode, when-orphaned", e.getMessage());
    }

    @Test
    void pluginMode_goesBeforeTheGlobalOne() {
        GarrisonSettings settings = GarrisonSettings.of(parse("garrison { mode = ENFORCE, plugins.a { mode = audit, enabled = no } }"));
        PluginSettings plugin = settings.plugin("a", GarrisonSettings.defaults(getClass()));
        assertEquals(Mode.AUDIT, plugin.mode());
        assertFalse(plugin.enabled());
        assertEquals(Set.of("a"), settings.configured());
    }
}
