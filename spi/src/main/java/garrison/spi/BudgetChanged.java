// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.time.Instant;

/**
 * A plugin's program costs more than its {@link Budget}, or no program of it does any more. Told when it begins, at each further step
 * that is taken, and when it ends.
 *
 * @param plugin whose program
 * @param time when the window ended that showed it
 * @param over whether it costs too much now
 * @param program the one that exceeds the budget the most; or that is the dearest now
 * @param hook where it is attached
 * @param nsPerEvent its mean in that window, in nanoseconds a run
 * @param budget what it may cost, in nanoseconds a run
 * @param runs how many runs that mean is of
 * @param action what was done, by the policy; {@link OnOverrun#REPORT} when it ends
 * @param sampling one record of so many is written from now on; 1: all
 */
public record BudgetChanged(String plugin, Instant time, boolean over, String program, String hook, long nsPerEvent, long budget,
        long runs, OnOverrun action, int sampling) implements Event {
    @Override
    public String type() {
        return "budget_changed";
    }
}
