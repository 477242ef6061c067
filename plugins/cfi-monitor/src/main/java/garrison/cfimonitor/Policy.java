// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import garrison.spi.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the configuration says, checked as far as that goes without looking at files.
 *
 * @param actions of every sensor
 * @param learning whether call sites within the kernel's text that nobody knows are taken for good
 * @param lock where call sites that were learnt are kept; empty: nowhere
 * @param trustedModules whose calls are known
 * @param exempt executables that nothing is told of
 * @param denySwitches whether writes that silence programs are refused
 * @param restoreSwitches whether what is off is switched on again
 * @param period between two walks over all tasks
 * @param behindEntries whether there are sensors behind the entries of functions, too
 * @param moveEvery how long a sensor behind an entry stays at its place
 */
record Policy(Map<Sensor, Action> actions, boolean learning, Optional<Path> lock, TrustedModules trustedModules, List<Path> exempt,
        boolean denySwitches, boolean restoreSwitches, Duration period, boolean behindEntries, Duration moveEvery) {
    /**
     * Reads the plugin's settings.
     *
     * @throws garrison.spi.ConfigurationException with place and remedy
     */
    static Policy read(Settings settings) {
        Settings words = settings.object("actions");
        Map<Sensor, Action> actions = new EnumMap<>(Sensor.class);
        for (Sensor sensor : Sensor.values()) {
            actions.put(sensor, words.choice(sensor.word(), Action.class, sensor.usual()));
        }
        boolean learning = settings.bool("learning", false);
        Optional<Path> lock = settings.has("lock") ? Optional.of(settings.path("lock", "/etc/garrison/cfi.lock")) : Optional.empty();
        TrustedModules modules = settings.choice("trusted-modules", TrustedModules.class, TrustedModules.SIGNED);
        List<Path> exempt = settings.paths("exempt", "/usr/bin/sudo");
        boolean deny = settings.bool("deny-switches", true);
        boolean restore = settings.bool("restore-switches", true);
        Duration period = settings.duration("period", Duration.ofMillis(50), Duration.ofSeconds(10), Duration.ofMillis(400));
        boolean behindEntries = settings.bool("behind-entries", true);
        Duration moveEvery = settings.duration("move-every", Duration.ofSeconds(1), Duration.ofDays(1), Duration.ofMinutes(5));
        settings.end();
        return new Policy(Map.copyOf(actions), learning, lock, modules, exempt, deny, restore, period, behindEntries, moveEvery);
    }
}
