// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.libbpf.Libc;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * From the kernel's boot clock to wall-clock time. The distance between the two is read again every second, since the
 * wall clock is set and slewed. Safe for use by several threads.
 */
public final class BootClock {
    private static final int CLOCK_REALTIME = 0;
    private static final int CLOCK_BOOTTIME = 7;
    private static final long NANOS = TimeUnit.SECONDS.toNanos(1);

    /** @param distance wall-clock time minus boot time, ns; @param read when, {@link System#nanoTime} */
    private record Reading(long distance, long read) {}

    private volatile Reading reading = read();

    /**
     * The wall-clock time of a kernel time stamp.
     *
     * @param bootNanos nanoseconds since boot, time asleep included
     */
    public Instant time(long bootNanos) {
        Reading current = reading;
        if (System.nanoTime() - current.read >= NANOS) {
            current = read();
            reading = current;
        }
        long nanos = bootNanos + current.distance;
        return Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
    }

    /** Of several tries the one in which least time passed between the two clocks. */
    private static Reading read() {
        long best = Long.MAX_VALUE;
        long distance = 0;
        for (int i = 0; i < 3; i++) {
            long before = Libc.clockNanos(CLOCK_BOOTTIME);
            long wall = Libc.clockNanos(CLOCK_REALTIME);
            long after = Libc.clockNanos(CLOCK_BOOTTIME);
            if (after - before < best) {
                best = after - before;
                distance = wall - (before + (after - before) / 2);
            }
        }
        return new Reading(distance, System.nanoTime());
    }
}
