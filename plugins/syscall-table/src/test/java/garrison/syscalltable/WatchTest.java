// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.spi.ConfigurationException;
import garrison.spi.Settings;
import java.time.Duration;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WatchTest {
    private static Watch read(String hocon) {
        Settings settings = Settings.of(ConfigFactory.parseString(hocon), "garrison.plugins.syscall-table");
        Watch watch = Watch.read(settings);
        settings.end();
        return watch;
    }

    @Test
    void settings_given_areRead() {
        assertEquals(new Watch(Duration.ofMillis(250), EnumSet.of(Watch.Subject.BPF, Watch.Subject.SOCKET_FILTERS), true, false),
                read("period = 250ms, tell = [ bpf, socket-filters ], bpf-elements = true"));
    }

    @Test
    void ownDefaults_areWhatTheReadmeSays() {
        Settings settings = Settings.of(ConfigFactory.parseResources("reference.conf").getConfig("garrison.plugins.syscall-table"), "x");
        assertEquals(new Watch(Duration.ofMillis(500), EnumSet.allOf(Watch.Subject.class), false, false), Watch.read(settings));
        settings.end();
    }

    @ParameterizedTest
    @ValueSource(strings = {"period = 1ms", "period = 2h", "tell = [ everything ]", "periods = 1s", "bpf-elements = maybe"})
    void settings_thatCannotBe_areRefusedByTheirName(String hocon) {
        ConfigurationException refused = assertThrows(ConfigurationException.class, () -> read(hocon));
        assertTrue(refused.getMessage().contains("garrison.plugins.syscall-table." + hocon.split(" ")[0]), refused.getMessage());
    }
}
