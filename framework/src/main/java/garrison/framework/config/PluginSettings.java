// SPDX-License-Identifier: Apache-2.0
package garrison.framework.config;

import garrison.framework.trust.TrustSettings;
import garrison.spi.Mode;
import garrison.spi.Settings;

/**
 * One plugin's subtree with the two keys that are the framework's, and what holds for all.
 *
 * @param enabled whether it is to run
 * @param mode the mode requested
 * @param settings the subtree; {@code enabled} and {@code mode} count as asked for
 * @param trust whose objects may be loaded
 */
public record PluginSettings(boolean enabled, Mode mode, Settings settings, TrustSettings trust) {
    static PluginSettings of(String plugin, Settings plugins, Mode fallback, TrustSettings trust) {
        Settings settings = plugins.object(plugin);
        return new PluginSettings(settings.bool("enabled", true), settings.choice("mode", Mode.class, fallback), settings, trust);
    }
}
