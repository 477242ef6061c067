// SPDX-License-Identifier: Apache-2.0
package garrison.framework.budget;

import garrison.spi.Settings;
import java.time.Duration;

/**
 * When the kernel's run-time statistics are on: they cost each run of each BPF program of the machine two looks at the clock.
 *
 * @param window how long they are on
 * @param every from one window to the next; as long as {@code window}: always on; zero: never, and no budget is watched
 * @param minRuns a program that ran less often in a window is not judged by it
 */
public record StatisticsSettings(Duration window, Duration every, long minRuns) {
    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofDays(1);

    /** Reads {@code garrison.statistics}. */
    public static StatisticsSettings read(Settings section) {
        Duration window = section.duration("window", SHORTEST, LONGEST, Duration.ofSeconds(1));
        Duration every = section.duration("every", Duration.ZERO, LONGEST, Duration.ofSeconds(30));
        if (!every.isZero() && every.compareTo(window) < 0) {
            throw section.error("every", "is shorter than the window of " + window.toMillis() + " ms",
                    "give a time as long (always on) or longer, or 0s for never");
        }
        return new StatisticsSettings(window, every, section.integer("min-runs", 1, Integer.MAX_VALUE, 100));
    }

    /** Whether there are windows. */
    public boolean isOn() {
        return !every.isZero();
    }

    /** From the end of a window to the begin of the next; zero when always on. */
    public Duration pause() {
        return every.minus(window);
    }
}
