// SPDX-License-Identifier: Apache-2.0
package garrison.framework.config;

import garrison.framework.budget.BudgetSettings;
import garrison.framework.trust.TrustSettings;
import garrison.spi.Mode;
import garrison.spi.Settings;
import garrison.spi.WhenOrphaned;
import java.time.Duration;
import java.util.Optional;

/**
 * One plugin's subtree with the keys that are the framework's, and what holds for all.
 *
 * @param enabled whether it is to run
 * @param mode the mode requested
 * @param whenOrphaned what holds while no runtime lives; empty for the plugin's own choice
 * @param grace without a heartbeat for this long, no runtime lives
 * @param budget what its programs may cost, as far as the configuration tells
 * @param settings the subtree; the keys above count as asked for
 * @param trust whose objects may be loaded
 */
public record PluginSettings(boolean enabled, Mode mode, Optional<WhenOrphaned> whenOrphaned, Duration grace,
        BudgetSettings budget, Settings settings, TrustSettings trust) {
    private static final Duration SHORTEST = Duration.ofSeconds(2);
    private static final Duration LONGEST = Duration.ofDays(365);
    private static final Duration USUAL = Duration.ofSeconds(10);

    static PluginSettings of(String plugin, Settings plugins, Mode fallback, TrustSettings trust) {
        Settings settings = plugins.object(plugin);
        return new PluginSettings(settings.bool("enabled", true), settings.choice("mode", Mode.class, fallback),
                Optional.ofNullable(settings.choice("when-orphaned", WhenOrphaned.class, null)),
                settings.duration("grace", SHORTEST, LONGEST, USUAL), BudgetSettings.read(settings.object("budget")), settings, trust);
    }
}
