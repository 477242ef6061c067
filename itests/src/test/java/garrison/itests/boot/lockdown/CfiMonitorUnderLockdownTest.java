// SPDX-License-Identifier: Apache-2.0
package garrison.itests.boot.lockdown;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.cfimonitor.CfiMonitor;
import garrison.framework.Garrison;
import garrison.framework.Status.PluginStatus;
import garrison.spi.PluginState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A boot with lockdown=confidentiality: no program may read kernel memory, which this plugin does nothing without. */
@Timeout(300)
class CfiMonitorUnderLockdownTest {
    @Test
    void lockdownConfidentiality_failsThePlugin_andSaysWhy() {
        try (Garrison garrison = Garrison.builder().config(ConfigFactory.parseString("garrison.plugins.cfi-monitor { enabled = true }"))
                .plugin(new CfiMonitor()).start()) {
            PluginStatus status = garrison.status().plugins().getFirst();
            assertEquals(PluginState.FAILED, status.state(), status.reason());
            assertTrue(status.reason().contains("lockdown"), status.reason());
        }
    }
}
