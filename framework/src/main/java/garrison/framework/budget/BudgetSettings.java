// SPDX-License-Identifier: Apache-2.0
package garrison.framework.budget;

import garrison.spi.Budget;
import garrison.spi.OnOverrun;
import garrison.spi.Settings;
import java.util.Optional;

/**
 * A plugin's {@code budget} as far as the configuration tells it; the rest is as the plugin declares.
 *
 * @param nsPerEvent nanoseconds a run of a program; 0 for no limit
 * @param onOverrun what is done when it costs more
 */
public record BudgetSettings(Optional<Long> nsPerEvent, Optional<OnOverrun> onOverrun) {
    private static final String LIMIT = "ns-per-event";

    /** Reads a plugin's {@code budget}. */
    public static BudgetSettings read(Settings section) {
        return new BudgetSettings(section.has(LIMIT) ? Optional.of(section.integer(LIMIT, 0, 1_000_000_000_000L, 0)) : Optional.empty(),
                Optional.ofNullable(section.choice("on-overrun", OnOverrun.class, null)));
    }

    /** What holds for a plugin that declares a budget of its own. */
    public Budget over(Budget declared) {
        return new Budget(nsPerEvent.orElse(declared.nsPerEvent()), onOverrun.orElse(declared.onOverrun()));
    }
}
