// SPDX-License-Identifier: Apache-2.0
package garrison.framework.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import garrison.framework.budget.StatisticsSettings;
import garrison.framework.trust.TrustSettings;
import garrison.framework.truth.OnLost;
import garrison.spi.ConfigurationException;
import garrison.spi.Mode;
import garrison.spi.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The configuration tree below {@code garrison}, checked as far as it is the framework's own.
 *
 * @param tree what the user wrote, not resolved: plugins' defaults are merged in before
 * @param mode the mode of plugins that name none
 * @param queue capacity of each listener's queue, in events
 * @param reader how rings are read
 * @param pins where programs are pinned, so that they outlive the process
 * @param linger how long a plugin's programs go on after its bundle stopped, waiting for the next version
 * @param configured names below {@code garrison.plugins}
 * @param trust whose objects may be loaded
 * @param onLost what to do when programs stop running
 * @param statistics when it is measured what programs cost
 */
public record GarrisonSettings(Config tree, Mode mode, int queue, ReaderKind reader, Pins pins, Duration linger,
        Set<String> configured, TrustSettings trust, OnLost onLost, StatisticsSettings statistics) {
    private static final String DEFAULTS = "reference.conf";
    /** What a class was built with does not change; kept with the class, so that a bundle that goes takes it along. */
    private static final ClassValue<Config> OF_CLASS = new ClassValue<>() {
        @Override
        protected Config computeValue(Class<?> type) {
            return ConfigFactory.parseResources(type.getClassLoader(), DEFAULTS);
        }
    };

    /** How a ring is read. */
    public enum ReaderKind {
        /** In Java, on the mapped ring. */
        DIRECT,
        /** By libbpf, with one upcall a record. */
        LIBBPF
    }

    /**
     * Whether and where to pin.
     *
     * @param wanted whether
     * @param instance the folder's name below {@code /sys/fs/bpf/garrison}; one for each Garrison that runs at a time
     * @param guarded whether the kernel keeps others from taking pins away
     */
    public record Pins(boolean wanted, String instance, boolean guarded) {
        private static final Pattern INSTANCE = Pattern.compile("[a-z0-9][a-z0-9-]*");

        static Pins of(Settings root) {
            String instance = root.string("instance", "default");
            if (!INSTANCE.matcher(instance).matches()) {
                throw root.error("instance", "is '" + instance + "'", "use lower-case letters, digits and dashes");
            }
            return new Pins(root.bool("pin", false), instance, root.bool("guard-pins", true));
        }
    }

    /**
     * Reads a file (HOCON, JSON or properties).
     *
     * @throws ConfigurationException when it is not there, or for its first syntax error by file and line
     */
    public static Config file(Path path) {
        return wording(path.toString(),
                () -> ConfigFactory.parseFile(path.toFile(), ConfigParseOptions.defaults().setAllowMissing(false)));
    }

    /**
     * Checks the framework's own keys. Those of {@code garrison.runtime} belong to the standalone program and are passed over.
     *
     * @param user the whole tree, resolved or not
     * @throws ConfigurationException for the first key that is wrong or unknown
     */
    public static GarrisonSettings of(Config user) {
        Config defaults = defaults(GarrisonSettings.class).withoutPath("garrison.plugins");
        Config resolved = resolve(user.withFallback(defaults));
        Settings root = Settings.of(resolved, "").object("garrison");
        Mode mode = root.choice("mode", Mode.class, Mode.AUDIT);
        Settings events = root.object("events");
        int queue = (int) events.integer("queue", 16, 1 << 24, 1 << 16);
        ReaderKind reader = events.choice("reader", ReaderKind.class, ReaderKind.DIRECT);
        TrustSettings trust = TrustSettings.read(root.object("trust"));
        OnLost onLost = root.choice("on-enforcement-lost", OnLost.class, OnLost.REPORT);
        StatisticsSettings statistics = StatisticsSettings.read(root.object("statistics"));
        Pins pins = Pins.of(root);
        Duration linger = root.duration("linger", Duration.ZERO, Duration.ofHours(1), Duration.ofSeconds(5));
        root.has("plugins");
        root.has("runtime");
        root.end();
        Set<String> configured = Set.copyOf(Settings.of(resolved, "").object("garrison").named("plugins").keySet());
        return new GarrisonSettings(user, mode, queue, reader, pins, linger, configured, trust, onLost, statistics);
    }

    /**
     * A plugin's own {@code reference.conf}, which is read once a class; empty if it has none.
     *
     * @param plugin the plugin's class
     */
    public static Config defaults(Class<?> plugin) {
        return wording(DEFAULTS, () -> OF_CLASS.get(plugin));
    }

    /**
     * One plugin's subtree, with the plugin's own defaults underneath.
     *
     * @param plugin the plugin's name
     * @param defaults as {@link #defaults} reads them
     */
    public PluginSettings plugin(String plugin, Config defaults) {
        Config resolved = resolve(tree.withFallback(defaults));
        return PluginSettings.of(plugin, Settings.of(resolved, "").object("garrison").object("plugins"), mode, trust);
    }

    private static Config resolve(Config config) {
        return wording(config.origin().description(), config::resolve);
    }

    private static <T> T wording(String name, Supplier<T> read) {
        try {
            return read.get();
        } catch (ConfigException.IO e) {
            throw new ConfigurationException(name, "cannot be read: " + e.getMessage(), "name a readable file");
        } catch (ConfigException e) {
            ConfigOrigin origin = e.origin();
            String place = origin == null || origin.filename() == null ? name
                    : origin.filename() + (origin.lineNumber() > 0 ? ":" + origin.lineNumber() : "");
            throw new ConfigurationException(place, problem(e, origin), "");
        }
    }

    /** The parser puts the place in front; we do so ourselves. */
    private static String problem(ConfigException e, ConfigOrigin origin) {
        String message = e.getMessage();
        String prefix = origin == null ? null : origin.description() + ": ";
        return prefix != null && message.startsWith(prefix) ? message.substring(prefix.length()) : message;
    }
}
