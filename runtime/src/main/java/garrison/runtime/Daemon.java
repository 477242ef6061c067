// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.PluginWhiteboard;
import garrison.framework.Status;
import garrison.framework.Status.PluginStatus;
import garrison.runtime.config.ConfigFile;
import garrison.runtime.config.Installation;
import garrison.runtime.config.RuntimeSettings;
import garrison.runtime.control.ControlServer;
import garrison.runtime.control.Limits;
import garrison.runtime.event.EventHub;
import garrison.runtime.event.EventLog;
import garrison.runtime.osgi.BundleCatalog;
import garrison.runtime.osgi.BundleHost;
import garrison.runtime.osgi.BundleStatus;
import garrison.spi.GarrisonException;
import garrison.spi.PluginState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running instance: what {@code garrison run} starts and stops. Everything it opens, it closes in the reverse order. */
public final class Daemon implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

    private final Deque<Part> parts = new ArrayDeque<>();
    private final Path file;
    private final Installation installation;
    private final Instant since = Instant.now();
    private volatile Phase phase = Phase.STARTING;
    private ConfigFile configuration;
    private volatile Garrison garrison;
    private final EventHub events = new EventHub();
    private volatile BundleHost bundles;

    /** Where the instance is in its life. */
    enum Phase {
        /** Plugins are being started. */
        STARTING,
        /** Every plugin has been started, or has its reason not to run. */
        RUNNING,
        /** Everything is being stopped. */
        STOPPING
    }

    /** A part that runs, by a name for the log. */
    private record Part(String name, AutoCloseable part) {}

    private Daemon(Path file, Installation installation) {
        this.file = file;
        this.installation = installation;
        this.configuration = ConfigFile.read(file, installation);
    }

    /**
     * Starts everything; when this returns, each plugin is ACTIVE or has its reason not to be.
     *
     * @param file the configuration file
     * @throws garrison.spi.ConfigurationException with file, line and remedy
     * @throws GarrisonException if nothing can run here; then nothing is left behind
     */
    public static Daemon start(Path file, Installation installation) {
        Daemon daemon = new Daemon(file.toAbsolutePath().normalize(), installation);
        try {
            daemon.open();
            return daemon;
        } catch (RuntimeException | Error e) {
            daemon.close();
            throw e;
        }
    }

    private void open() {
        RuntimeSettings settings = configuration.runtime();
        keep("instance lock", InstanceLock.take(settings.controlSocket()));
        // Closed in the reverse order: plugins, then what waits in the streams, then the clients that read them.
        keep("control socket", new ControlServer(settings.controlSocket(), new DaemonOperations(this),
                Limits.of(settings.maxClients(), settings.clientQueue())));
        settings.eventLog().ifPresent(log -> keep("event log", new EventLog(log, events, settings.clientQueue())));
        keep("event streams", events);
        // Before the OSGi framework: what makes everything impossible (privileges, libbpf, a wrong key) is told at once.
        garrison = keep("plugins", Garrison.builder().config(tree(configuration)).listener(events).start());
        bundles = keep("OSGi framework", BundleHost.start(settings.cacheDirectory()));
        bundles.offer(garrison.features());
        keep("whiteboard", PluginWhiteboard.open(garrison, bundles.context()));
        bundles.run(new BundleCatalog(settings.bundleDirectory()).find(settings.bundles()));
        report(settings.onFailure());
        phase = Phase.RUNNING;
    }

    /** Unlike a library, a program of its own outlives a kill by default. */
    private static Config tree(ConfigFile configuration) {
        return configuration.tree().withFallback(ConfigFactory.parseString("garrison.pin = true"));
    }

    private <T extends AutoCloseable> T keep(String name, T part) {
        parts.push(new Part(name, part));
        return part;
    }

    private void report(RuntimeSettings.OnFailure onFailure) {
        Status status = garrison.status();
        List<String> active = status.plugins().stream().filter(p -> p.state() == PluginState.ACTIVE)
                .map(p -> p.name() + " in " + p.mode()).toList();
        List<String> absent = absent(status);
        List<String> failures = new ArrayList<>(failures(status));
        failures.addAll(absent);
        boolean exit = switch (onFailure) {
            case CONTINUE -> false;
            case EXIT_IF_NONE_RUNS -> active.isEmpty();
            case EXIT -> true;
        };
        if (exit && !failures.isEmpty()) {
            throw new GarrisonException(String.join(System.lineSeparator(), failures));
        }
        // The failures themselves have been logged where they happened.
        absent.forEach(LOG::error);
        LOG.info("running: {}; kernel {}, libbpf {}, control socket {}", active.isEmpty() ? "no plugin" : String.join(", ", active),
                status.kernel().release(), status.kernel().libbpf(), configuration.runtime().controlSocket());
    }

    private List<String> failures(Status status) {
        List<String> failures = new ArrayList<>();
        for (BundleStatus bundle : bundles.status()) {
            if (bundle.reason().startsWith("cannot ")) {
                failures.add("bundle " + bundle.name() + " " + bundle.reason());
            }
        }
        for (PluginStatus plugin : status.plugins()) {
            if (plugin.state() == PluginState.FAILED) {
                String who = "plugin " + plugin.name();
                failures.add(plugin.reason().startsWith(who) ? plugin.reason() : who + ": " + plugin.reason());
            }
        }
        return failures;
    }

    /** A policy that nobody enforces: a misspelt name, or a bundle that was forgotten. */
    private List<String> absent(Status status) {
        String present = status.plugins().isEmpty() ? "none"
                : String.join(", ", status.plugins().stream().map(PluginStatus::name).toList());
        return status.absent().stream().map(name -> file + " configures garrison.plugins." + name
                + ", but no bundle brings a plugin of this name; there are: " + present).toList();
    }

    /**
     * Reads the configuration file again and puts it in force.
     *
     * @return what happened
     * @throws GarrisonException if the file or a plugin refuses; then nothing has changed
     */
    synchronized Reloaded reload() {
        long begin = System.nanoTime();
        ConfigFile next = ConfigFile.read(file, installation);
        Duration reading = Duration.ofNanos(System.nanoTime() - begin);
        Duration enforcement = reading.plus(garrison().reload(tree(next)));
        boolean restart = !next.runtime().equals(configuration.runtime());
        configuration = next;
        Reloaded reloaded = new Reloaded(file.toString(), enforcement,
                restart ? "garrison.runtime has changed: that takes effect at the next start" : "");
        LOG.info("{} is in force, {} ms after the command to read it{}", file, Math.round(enforcement.toNanos() / 1e5) / 10.0,
                restart ? "; " + reloaded.remark() : "");
        return reloaded;
    }

    /**
     * A reload that went well.
     *
     * @param config the file
     * @param enforcement from the command to the kernel deciding by the new policies, reading the file included
     * @param remark what else a person should know; empty if nothing
     */
    record Reloaded(String config, Duration enforcement, String remark) {}

    /** The same for a signal, where there is nobody to answer but the log. */
    void reloadOnSignal() {
        try {
            reload();
        } catch (GarrisonException e) {
            LOG.error("not reloaded, the running policy stays: {}", e.getMessage());
            LOG.debug("not reloaded", e);
        } catch (RuntimeException e) {
            LOG.error("not reloaded, by a defect of the program", e);
        }
    }

    /** @throws GarrisonException while the program is still starting */
    Garrison garrison() {
        return started(garrison);
    }

    EventHub events() {
        return events;
    }

    /** @throws GarrisonException while the program is still starting */
    BundleHost bundles() {
        return started(bundles);
    }

    private static <T> T started(T part) {
        if (part == null) {
            throw new GarrisonException("garrison is still starting; try again in a moment");
        }
        return part;
    }

    List<BundleStatus> bundleStatus() {
        BundleHost host = bundles;
        return host == null ? List.of() : host.status();
    }

    Path file() {
        return file;
    }

    Instant since() {
        return since;
    }

    Phase phase() {
        return phase;
    }

    synchronized RuntimeSettings settings() {
        return configuration.runtime();
    }

    /** Stops the bundles, detaches everything, ends the clients' streams and removes the socket. */
    @Override
    public void close() {
        phase = Phase.STOPPING;
        while (!parts.isEmpty()) {
            Part part = parts.pop();
            try {
                part.part().close();
            } catch (Exception e) {
                LOG.error("{} did not stop cleanly: {}", part.name(), e.toString());
                LOG.debug("{}", part.name(), e);
            }
        }
    }
}
