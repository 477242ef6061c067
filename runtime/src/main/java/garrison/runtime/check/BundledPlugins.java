// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.check;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import garrison.framework.config.GarrisonSettings;
import garrison.framework.osgi.KernelFit;
import garrison.runtime.config.ConfigFile;
import garrison.runtime.osgi.BundleCatalog;
import garrison.runtime.osgi.BundleFile;
import garrison.runtime.osgi.BundleHost;
import garrison.spi.GarrisonException;
import garrison.spi.Plugin;
import garrison.spi.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/** The plugins of a configuration's bundles, in an OSGi framework of their own, to be asked without a kernel. */
public final class BundledPlugins implements AutoCloseable {
    private final Path cache;
    private final BundleHost host;

    private BundledPlugins(Path cache, BundleHost host) {
        this.cache = cache;
        this.host = host;
    }

    /**
     * Starts the bundles that a configuration names.
     *
     * @throws garrison.spi.ConfigurationException if one is named that does not exist
     */
    public static BundledPlugins start(ConfigFile file) {
        Path cache;
        try {
            cache = Files.createTempDirectory("garrison-check");
        } catch (IOException e) {
            throw unusable(e);
        }
        BundledPlugins plugins = new BundledPlugins(cache, BundleHost.start(cache));
        try {
            List<BundleFile> bundles = new BundleCatalog(file.runtime().bundleDirectory()).find(file.runtime().bundles());
            plugins.host.offer(KernelFit.assumed(bundles.stream().map(BundleFile::jar).toList()));
            plugins.host.run(bundles);
            return plugins;
        } catch (RuntimeException e) {
            plugins.close();
            throw e;
        }
    }

    /** What keeps bundles from bringing their plugins, one sentence each. */
    public List<String> problems() {
        return host.status().stream().filter(b -> !b.reason().isEmpty()).map(b -> "bundle " + b.name() + " " + b.reason()).toList();
    }

    /** The plugins in the order of their names. */
    public List<Plugin> all() {
        TreeMap<String, Plugin> plugins = new TreeMap<>();
        BundleContext context = host.context();
        try {
            for (ServiceReference<Plugin> reference : context.getServiceReferences(Plugin.class, null)) {
                Plugin plugin = context.getService(reference);
                if (plugin != null) {
                    plugins.putIfAbsent(plugin.name(), plugin);
                }
            }
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException("no filter is no filter", e);
        }
        return new ArrayList<>(plugins.values());
    }

    /**
     * A plugin's subtree of a configuration, its defaults included, with {@code mode} as the whole configuration gives it. What is
     * said of signatures is left out: nothing is loaded.
     *
     * @throws garrison.spi.ConfigurationException with file, line and remedy
     */
    public static Settings settings(ConfigFile file, Plugin plugin) {
        GarrisonSettings all = ConfigFile.wording(file.file(), () -> GarrisonSettings.of(file.tree().withoutPath("garrison.trust")));
        Config mode = ConfigFactory.parseString("garrison.plugins." + ConfigUtil.quoteString(plugin.name()) + ".mode = " + all.mode());
        return all.plugin(plugin.name(), mode.withFallback(GarrisonSettings.defaults(plugin.getClass()))).settings();
    }

    @Override
    public void close() {
        host.close();
        try (Stream<Path> files = Files.walk(cache)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw unusable(e);
        }
    }

    private static GarrisonException unusable(IOException e) {
        return new GarrisonException("a temporary folder for the bundles could not be used: " + e.getMessage(), e);
    }
}
