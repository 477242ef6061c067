// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.libbpf.Libc;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class BootClockTest {
    private static final int CLOCK_BOOTTIME = 7;

    @Test
    void bootTimeOfNow_isNow() {
        BootClock clock = new BootClock();
        Instant before = Instant.now();
        Instant time = clock.time(Libc.clockNanos(CLOCK_BOOTTIME));
        Instant after = Instant.now();
        Duration tolerance = Duration.ofMillis(2);
        assertTrue(time.isAfter(before.minus(tolerance)) && time.isBefore(after.plus(tolerance)), before + " " + time + " " + after);
    }
}
