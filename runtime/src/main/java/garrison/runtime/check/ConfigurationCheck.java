// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.check;

import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.runtime.config.ConfigFile;
import garrison.runtime.config.Installation;
import garrison.spi.ConfigurationException;
import garrison.spi.GarrisonException;
import garrison.spi.Plugin;
import garrison.spi.PluginSession;
import garrison.spi.Settings;
import garrison.spi.UnsupportedKernelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Checks one configuration file, with the plugins that it names, and loads nothing into the kernel. */
public final class ConfigurationCheck {
    private final ConfigFile file;
    private final List<String> errors = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();

    private ConfigurationCheck(ConfigFile file) {
        this.file = file;
    }

    /**
     * What was found.
     *
     * @param errors what is wrong, each with place and remedy
     * @param remarks what was checked, and what could not be
     */
    public record Result(List<String> errors, List<String> remarks) {}

    /** Checks a file. Every plugin is asked, so that all their errors are told at once. */
    public static Result of(Path path, Installation installation) {
        try {
            ConfigurationCheck check = new ConfigurationCheck(ConfigFile.read(path, installation));
            check.framework();
            check.plugins();
            return new Result(check.errors, check.remarks);
        } catch (ConfigurationException e) {
            return new Result(List.of(e.getMessage()), List.of());
        }
    }

    /** The framework reads its own keys before it looks at anything else. Without plugins it loads nothing. */
    private void framework() {
        try {
            // Without pins: those are the running instance's.
            Garrison.builder().config(ConfigFactory.parseString("garrison.pin = false").withFallback(file.tree())).start().close();
        } catch (ConfigurationException e) {
            throw e;
        } catch (GarrisonException e) {
            remarks.add("a start by this user on this machine would fail: " + e.getMessage());
        }
    }

    private void plugins() {
        try (BundledPlugins bundles = BundledPlugins.start(file)) {
            errors.addAll(bundles.problems());
            List<Plugin> present = bundles.all();
            present.forEach(this::check);
            absent(present.stream().map(Plugin::name).collect(Collectors.toCollection(TreeSet::new)));
        }
    }

    private void check(Plugin plugin) {
        try {
            Settings settings = BundledPlugins.settings(file, plugin);
            boolean enabled = settings.bool("enabled", true);
            try (PluginSession session = plugin.open(new OfflineContext(settings))) {
                remarks.add(plugin.name() + ": settings can be used" + (enabled ? "" : "; it is disabled")
                        + (session.status().isEmpty() ? "" : " " + session.status()));
            }
        } catch (UnsupportedKernelException e) {
            remarks.add(plugin.name() + ": could not be checked without the kernel: " + e.getMessage());
        } catch (GarrisonException e) {
            errors.add(e.getMessage());
        } catch (RuntimeException e) {
            errors.add("plugin " + plugin.name() + " has a defect: " + e);
        }
    }

    private void absent(TreeSet<String> present) {
        Settings plugins = ConfigFile.wording(file.file(), () -> Settings.of(file.tree().resolve(
                com.typesafe.config.ConfigResolveOptions.defaults().setAllowUnresolved(true)), "")
                .object("garrison").object("plugins"));
        present.forEach(plugins::has);
        try {
            plugins.end();
        } catch (ConfigurationException e) {
            errors.add(e.getMessage() + " (plugins that the bundles bring)");
        }
    }
}
