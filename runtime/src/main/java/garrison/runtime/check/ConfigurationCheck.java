// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.check;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.osgi.KernelFit;
import garrison.runtime.config.ConfigFile;
import garrison.runtime.config.Installation;
import garrison.runtime.osgi.BundleCatalog;
import garrison.runtime.osgi.BundleFile;
import garrison.runtime.osgi.BundleHost;
import garrison.spi.ConfigurationException;
import garrison.spi.GarrisonException;
import garrison.spi.Mode;
import garrison.spi.Plugin;
import garrison.spi.PluginSession;
import garrison.spi.Settings;
import garrison.spi.UnsupportedKernelException;
import garrison.spi.WhenOrphaned;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

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
        } catch (IOException e) {
            throw new GarrisonException("a temporary folder for the bundles could not be used: " + e.getMessage(), e);
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

    private void plugins() throws IOException {
        Path cache = Files.createTempDirectory("garrison-check");
        try (BundleHost host = BundleHost.start(cache)) {
            List<BundleFile> bundles = new BundleCatalog(file.runtime().bundleDirectory()).find(file.runtime().bundles());
            host.offer(KernelFit.assumed(bundles.stream().map(BundleFile::jar).toList()));
            host.run(bundles);
            host.status().stream().filter(b -> !b.reason().isEmpty())
                    .forEach(b -> errors.add("bundle " + b.name() + " " + b.reason()));
            TreeSet<String> present = new TreeSet<>();
            BundleContext context = host.context();
            for (ServiceReference<Plugin> reference : context.getServiceReferences(Plugin.class, null)) {
                Plugin plugin = context.getService(reference);
                if (plugin != null && present.add(plugin.name())) {
                    check(plugin);
                }
            }
            absent(present);
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException("no filter is no filter", e);
        } finally {
            remove(cache);
        }
    }

    private void check(Plugin plugin) {
        try {
            Config defaults = ConfigFactory.parseResources(plugin.getClass().getClassLoader(), "reference.conf");
            Config tree = ConfigFile.wording(file.file(), () -> file.tree().withFallback(defaults).resolve());
            Settings settings = Settings.of(tree, "").object("garrison").object("plugins").object(plugin.name());
            boolean enabled = settings.bool("enabled", true);
            settings.choice("mode", Mode.class, Mode.AUDIT);
            settings.choice("when-orphaned", WhenOrphaned.class, WhenOrphaned.CONTINUE);
            settings.duration("grace", Duration.ofSeconds(2), Duration.ofDays(365), Duration.ofSeconds(10));
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

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
