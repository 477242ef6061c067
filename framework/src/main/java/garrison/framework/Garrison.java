// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.config.GarrisonSettings;
import garrison.framework.kernel.FeatureScan;
import garrison.framework.kernel.Namespace;
import garrison.framework.plugin.Listeners;
import garrison.framework.plugin.PluginHost;
import garrison.framework.plugin.Platform;
import garrison.spi.Event;
import garrison.spi.EventListener;
import garrison.spi.FileIds;
import garrison.spi.KernelFeatures;
import garrison.spi.Mode;
import garrison.spi.Plugin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A running Garrison: the plugins, their BPF programs in the kernel, and who hears their events. Several may run in one
 * process. All methods may be called from any thread; those that change something wait for each other.
 *
 * <p>Needs root (or CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN and CAP_SYS_RESOURCE), libbpf.so.1 and a kernel with BTF; Java
 * started with {@code --enable-native-access=ALL-UNNAMED}. Minimum kernel 5.8 (ring buffer), or what a plugin needs.
 */
public final class Garrison implements AutoCloseable {
    private final Listeners listeners;
    private final Platform platform;
    private final PluginHost host;
    private final FeatureScan features;

    private Garrison(Builder builder) {
        GarrisonSettings settings = GarrisonSettings.of(builder.config);
        platform = Platform.open(builder.libbpf, settings.trust());
        listeners = new Listeners(settings.queue());
        builder.listeners.forEach(l -> listeners.add(l.name, l.wanted, l.listener));
        features = new FeatureScan(platform.kernel(), platform.libbpf());
        try {
            host = new PluginHost(platform, listeners, settings);
        } catch (RuntimeException | Error e) {
            listeners.close();
            platform.close();
            throw e;
        }
    }

    /** Begins with an empty configuration, no plugin and no listener. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Adds a plugin and starts it, unless the configuration disables it. A plugin that cannot start is FAILED with its
     * reason in {@link #status()}, told as {@link garrison.spi.PluginChanged}; that is no exception here.
     *
     * @throws garrison.spi.GarrisonException if a plugin of this name is present, or the name is not one
     * @throws IllegalStateException after {@link #close()}
     */
    public void add(Plugin plugin) {
        host.add(plugin);
    }

    /**
     * Stops a plugin and forgets it: detached, its ring drained, everything freed when this returns.
     *
     * @return false if it was not present
     */
    public boolean remove(Plugin plugin) {
        return host.remove(plugin);
    }

    /**
     * Puts another version of a plugin in the place of the present one without a moment in which neither decides: loads it,
     * gives it the maps that are kept, attaches it, and only then detaches the present one. Both may tell of an act that is
     * allowed while both are attached; a refusal is told by the one that refused.
     *
     * @throws garrison.spi.GarrisonException if the next one cannot start; the present one goes on
     */
    public void replace(Plugin present, Plugin next) {
        host.replace(present, next);
    }

    /**
     * As {@link #remove}, but not at once: for the time {@code garrison.linger} the plugin goes on deciding, and one of the same
     * name that is added meanwhile takes over from it without a gap. For a plugin that leaves without the operator's word, as
     * when its bundle is updated.
     *
     * @return false if it was not present
     */
    public boolean release(Plugin plugin) {
        return host.release(plugin);
    }

    /** Ends now what goes on deciding after a {@link #release}: for an operator who said to stop. */
    public void endLingering() {
        host.endLingering();
    }

    /** Adds a listener; it hears what happens from now on. */
    public void addListener(EventListener listener) {
        listeners.add(nameOf(listener), Event.class, listener);
    }

    /** Removes a listener after it has heard what waits for it, for at most 5 s. */
    public void removeListener(EventListener listener) {
        listeners.remove(listener);
    }

    /**
     * Puts a new configuration in force. All plugins check and stage theirs first; if any refuses, nothing changes anywhere.
     *
     * @return the time from the call until the kernel decides by the new policies
     * @throws garrison.spi.ConfigurationException with place and remedy, if the configuration cannot be used
     * @throws garrison.spi.GarrisonException if a plugin or the kernel refuses otherwise
     */
    public Duration reload(Config config) {
        return host.reload(() -> GarrisonSettings.of(config));
    }

    /** The same, from a file. */
    public Duration reload(Path file) {
        return host.reload(() -> GarrisonSettings.of(GarrisonSettings.file(file)));
    }

    /**
     * Switches a running plugin's mode: one write to a map. The next {@link #reload} sets the configured mode again.
     *
     * @throws garrison.spi.GarrisonException if there is no such plugin, or it is not ACTIVE
     */
    public void mode(String plugin, Mode mode) {
        host.mode(plugin, mode);
    }

    /** What is going on now. Does not wait for a plugin that is being started or stopped. */
    public Status status() {
        return new Status(platform.facts(), platform.mechanisms(), host.status(), host.absent(), listeners.status(), host.trust());
    }

    /** The running kernel. */
    public KernelFeatures kernel() {
        return platform.kernel();
    }

    /**
     * All that this kernel and this libbpf have for BPF objects, and of what they lack that which is known by name. Takes a look
     * each time: some 50 ms.
     *
     * @throws garrison.spi.UnsupportedKernelException if this kernel gives no BTF
     */
    public List<KernelFeature> features() {
        return features.all();
    }

    /**
     * One thing that a BPF object can need, whether {@link #features()} names it or not.
     *
     * @param namespace as {@link KernelFeature#namespace()}; {@code garrison.kernel.function} too, any function to attach to
     * @param name the thing's own name
     * @throws IllegalArgumentException if there is no such namespace
     */
    public KernelFeature feature(String namespace, String name) {
        return features.look(Namespace.of(namespace).orElseThrow(
                () -> new IllegalArgumentException("no namespace of kernel features: " + namespace)), name);
    }

    /** Looks files up as the kernel's hooks see them. */
    public FileIds files() {
        return platform.files();
    }

    /** Stops all plugins, last come first, lets the listeners hear what waits for them, and frees everything. */
    @Override
    public void close() {
        host.close();
        listeners.close();
        platform.close();
    }

    private static String nameOf(EventListener listener) {
        String name = listener.getClass().getSimpleName();
        return name.isEmpty() ? listener.getClass().getName() : name;
    }

    /** Collects what a Garrison is started with. For one thread. */
    public static final class Builder {
        private record Wish(String name, Class<? extends Event> wanted, EventListener listener) {}

        private final List<Plugin> plugins = new ArrayList<>();
        private final List<Wish> listeners = new ArrayList<>();
        private Config config = ConfigFactory.empty("configuration");

        private String libbpf;

        private Builder() {}

        /** The configuration, as parsed: {@code garrison { … }}. It is resolved together with the plugins' defaults. */
        public Builder config(Config tree) {
            config = Objects.requireNonNull(tree, "config");
            return this;
        }

        /**
         * The configuration, from a file.
         *
         * @throws garrison.spi.ConfigurationException if it cannot be read or parsed
         */
        public Builder config(Path file) {
            return config(GarrisonSettings.file(file));
        }

        /** A certain libbpf instead of the one that the dynamic linker finds: a name to look for, or a path. */
        public Builder libbpf(String library) {
            libbpf = Objects.requireNonNull(library, "library");
            return this;
        }

        /** A plugin to start with. Those in ENFORCE mode start first, so that the kernel asks those that observe before them; else the order is as given. */
        public Builder plugin(Plugin plugin) {
            plugins.add(Objects.requireNonNull(plugin, "plugin"));
            return this;
        }

        /** Hears all events from the first on, those of the start included. */
        public Builder listener(EventListener listener) {
            listeners.add(new Wish(nameOf(listener), Event.class, listener));
            return this;
        }

        /** Hears events of one type, on a thread of its own. */
        public <E extends Event> Builder on(Class<E> type, Consumer<? super E> consumer) {
            Objects.requireNonNull(consumer, "consumer");
            listeners.add(new Wish(type.getSimpleName(), type, event -> consumer.accept(type.cast(event))));
            return this;
        }

        /**
         * Opens libbpf, looks at the kernel and starts the plugins. A plugin that cannot start is FAILED in
         * {@link Garrison#status()}; the others run.
         *
         * @throws garrison.spi.ConfigurationException if the configuration cannot be used
         * @throws garrison.spi.GarrisonException if nothing can run here: no libbpf, too few privileges, two plugins of one
         *     name
         */
        public Garrison start() {
            Garrison garrison = new Garrison(this);
            try {
                garrison.host.ordered(plugins).forEach(garrison::add);
                return garrison;
            } catch (RuntimeException | Error e) {
                garrison.close();
                throw e;
            }
        }
    }
}
