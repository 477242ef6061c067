// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.spi.ConfigurationException;
import garrison.spi.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PolicyReadTest {
    private static final String PATH = "garrison.plugins.cfi-monitor";

    private static Policy read(String text) {
        return Policy.read(Settings.of(ConfigFactory.parseString(text), PATH));
    }

    private static void assertRefused(String text, String... words) {
        String message = assertThrows(ConfigurationException.class, () -> read(text)).getMessage();
        for (String word : words) {
            assertTrue(message.contains(word), message);
        }
    }

    @Test
    void silence_meansTheReferenceConfiguration() {
        Config reference = ConfigFactory.parseResources(CfiMonitor.class.getClassLoader(), "reference.conf").getConfig(PATH)
                .withoutPath("when-orphaned").withoutPath("grace");
        assertEquals(Policy.read(Settings.of(reference, PATH)), read(""));
        for (Sensor sensor : Sensor.values()) {
            assertTrue(reference.hasPath("actions." + sensor.word()), sensor + " is documented");
        }
    }

    @Test
    void everyKey_isTaken() {
        Policy policy = read("actions { commit_creds = kill, credentials = off }, learning = true, lock = /l, trusted-modules = present,"
                + " exempt = [ /a, /b ], deny-switches = false, restore-switches = false, period = 1s, behind-entries = false, move-every = 10s");
        assertEquals(Action.KILL, policy.actions().get(Sensor.COMMIT_CREDS));
        assertEquals(Action.OFF, policy.actions().get(Sensor.CREDENTIALS));
        assertEquals(Action.BLOCK, policy.actions().get(Sensor.PREPARE_KERNEL_CRED));
        assertTrue(policy.learning());
        assertEquals(Path.of("/l"), policy.lock().orElseThrow());
        assertEquals(TrustedModules.PRESENT, policy.trustedModules());
        assertEquals(List.of(Path.of("/a"), Path.of("/b")), policy.exempt());
        assertFalse(policy.denySwitches());
        assertFalse(policy.restoreSwitches());
        assertEquals(Duration.ofSeconds(1), policy.period());
        assertFalse(policy.behindEntries());
        assertEquals(Duration.ofSeconds(10), policy.moveEvery());
    }

    @Test
    void mistakes_areNamedWithTheirRemedy() {
        assertRefused("actions { commit_cred = kill }", "actions.commit_cred", "commit_creds");
        assertRefused("actions { commit_creds = stop }", "'stop'", "block");
        assertRefused("exempt = [ sudo ]", "'sudo'", "absolute");
        assertRefused("lock = lock", "relative", "absolute");
        assertRefused("period = 1ms", "period", "50 ms");
        assertRefused("trusted-module = all", "trusted-modules");
    }
}
