// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.osgi;

import garrison.framework.KernelFeature;
import garrison.framework.osgi.KernelCapabilities;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.felix.framework.FrameworkFactory;
import org.apache.felix.framework.util.FelixConstants;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.wiring.BundleRevision;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An embedded OSGi framework with the chosen bundles. Bundles are copied into its cache when installed, so that a jar may be
 * replaced on disk at any time and takes effect with {@link #update}. A bundle that cannot be installed, resolved or started is
 * told by {@link #status()} and hurts no other.
 */
public final class BundleHost implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BundleHost.class);
    private static final Duration STOP = Duration.ofSeconds(15);

    /** A bundle asked for, and what became of it. Changed under the host's lock only; read by anyone. */
    private static final class Entry {
        private final BundleFile file;
        private volatile Bundle bundle;
        private volatile String reason = "";

        Entry(BundleFile file) {
            this.file = file;
        }
    }

    private final Framework framework;
    private final Map<String, Entry> entries = Collections.synchronizedMap(new LinkedHashMap<>());

    private BundleHost(Framework framework) {
        this.framework = framework;
    }

    /**
     * Starts the framework, without bundles.
     *
     * @param cache where it keeps the bundles; made (mode 0700) if need be. What an earlier run left there is removed
     * @throws GarrisonException if it cannot be started
     */
    public static BundleHost start(Path cache) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(FelixConstants.LOG_LOGGER_PROP, new FelixLog());
        settings.put("felix.cache.rootdir", cache.toString());
        settings.put(Constants.FRAMEWORK_STORAGE, "felix");
        settings.put(Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
        settings.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, SystemPackages.of());
        // The program decides when to stop, and has one handler for signals.
        settings.put("felix.shutdown.hook", "false");
        Framework framework = null;
        try {
            Files.createDirectories(cache, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            framework = create(settings);
            framework.start();
            return new BundleHost(framework);
        } catch (IOException | BundleException | RuntimeException e) {
            if (framework != null) {
                stop(framework);
            }
            throw new GarrisonException("the OSGi framework cannot be started with cache " + cache + ": " + reason(e)
                    + "; correct cache-directory in garrison.runtime", e);
        }
    }

    /** Felix takes its logger as an object among the settings, which its generic signature does not admit. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Framework create(Map<String, Object> settings) {
        return new FrameworkFactory().newFramework((Map) settings);
    }

    /** The system bundle's context. */
    public BundleContext context() {
        return framework.getBundleContext();
    }

    /** Tells the bundles to come what the kernel has: those that require more do not resolve. */
    public synchronized void offer(List<KernelFeature> features) {
        KernelCapabilities.install(context(), features);
    }

    /** Installs all, then starts them in order. Never throws for a bundle's sake. */
    public synchronized void run(List<BundleFile> files) {
        for (BundleFile file : files) {
            Entry entry = new Entry(file);
            if (entries.containsKey(file.name())) {
                LOG.error("bundle {}: another one has this name, {}", file.jar(), entries.get(file.name()).file.jar());
                continue;
            }
            entries.put(file.name(), entry);
            install(entry);
        }
        for (Entry entry : all()) {
            if (entry.bundle != null) {
                attempt(entry, "start", () -> start(entry));
            }
        }
    }

    private void install(Entry entry) {
        attempt(entry, "install", () -> {
            try (InputStream jar = Files.newInputStream(entry.file.jar())) {
                entry.bundle = context().installBundle(entry.file.jar().toUri().toString(), jar);
            }
        });
    }

    /** Starts a bundle; installs it first if it was missing. */
    public synchronized BundleStatus start(String name) {
        return change(name, "start", this::start);
    }

    /** Stops a bundle; its plugins leave the kernel. */
    public synchronized BundleStatus stop(String name) {
        return change(name, "stop", entry -> {
            entry.bundle.stop();
            entry.reason = "stopped by command";
        });
    }

    /** Reads a bundle's jar again, and starts it if it was running. */
    public synchronized BundleStatus update(String name) {
        return change(name, "update", entry -> {
            boolean wasMeantToRun = entry.bundle.getState() == Bundle.ACTIVE || entry.reason.startsWith("cannot ");
            try (InputStream jar = Files.newInputStream(entry.file.jar())) {
                entry.bundle.update(jar);
            }
            if (wasMeantToRun) {
                start(entry);
            }
        });
    }

    /** All bundles asked for, in their order. Does not wait for a bundle that is being started or stopped. */
    public List<BundleStatus> status() {
        return all().stream().map(BundleHost::status).toList();
    }

    private List<Entry> all() {
        synchronized (entries) {
            return List.copyOf(entries.values());
        }
    }

    private void start(Entry entry) throws BundleException {
        BundleRevision revision = entry.bundle.adapt(BundleRevision.class);
        if (revision == null || (revision.getTypes() & BundleRevision.TYPE_FRAGMENT) == 0) {
            entry.bundle.start();
        }
        entry.reason = "";
    }

    private BundleStatus change(String name, String what, Step step) {
        Entry entry = Optional.ofNullable(entries.get(name)).orElseThrow(() -> new GarrisonException("there is no bundle "
                + name + "; there are: " + all().stream().map(e -> e.file.name()).collect(Collectors.joining(", "))));
        if (entry.bundle == null) {
            install(entry);
        }
        if (entry.bundle != null) {
            attempt(entry, what, () -> step.run(entry));
        }
        if (entry.reason.startsWith("cannot ")) {
            throw new GarrisonException("bundle " + name + " " + entry.reason);
        }
        return status(entry);
    }

    private interface Step {
        void run(Entry entry) throws BundleException, IOException;
    }

    private interface Attempt {
        void run() throws BundleException, IOException;
    }

    private static void attempt(Entry entry, String what, Attempt attempt) {
        try {
            attempt.run();
            LOG.debug("bundle {}: {} done", entry.file.name(), what);
        } catch (BundleException | IOException | RuntimeException | LinkageError e) {
            entry.reason = "cannot " + what + ": " + reason(e) + (e instanceof BundleException b
                    && b.getType() == BundleException.RESOLVE_ERROR ? "; garrison why " + entry.file.name() + " says more" : "");
            LOG.error("bundle {} {}", entry.file.name(), entry.reason);
            LOG.debug("bundle {}", entry.file.name(), e);
        }
    }

    private static BundleStatus status(Entry entry) {
        Bundle bundle = entry.bundle;
        return bundle == null
                ? new BundleStatus(entry.file.name(), "", "", "MISSING", entry.reason, entry.file.jar().toString())
                : new BundleStatus(entry.file.name(), String.valueOf(bundle.getSymbolicName()),
                        String.valueOf(bundle.getVersion()), state(bundle), entry.reason, entry.file.jar().toString());
    }

    private static String state(Bundle bundle) {
        return switch (bundle.getState()) {
            case Bundle.ACTIVE -> "ACTIVE";
            case Bundle.STARTING -> "STARTING";
            case Bundle.STOPPING -> "STOPPING";
            case Bundle.RESOLVED -> "RESOLVED";
            case Bundle.INSTALLED -> "INSTALLED";
            default -> "UNINSTALLED";
        };
    }

    /** The chain of causes in one line, each said once. */
    private static String reason(Throwable thrown) {
        StringBuilder words = new StringBuilder();
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            String message = t instanceof NoSuchFileException ? "there is no file " + t.getMessage()
                    : t.getMessage() == null ? t.toString() : t instanceof LinkageError ? t.toString() : t.getMessage();
            if (words.indexOf(message) < 0) {
                words.append(words.isEmpty() ? "" : ": ").append(message);
            }
        }
        return words.toString();
    }

    /** Stops all bundles and the framework, for at most some seconds. */
    @Override
    public void close() {
        stop(framework);
    }

    private static void stop(Framework framework) {
        try {
            framework.stop();
            framework.waitForStop(STOP.toMillis());
        } catch (BundleException e) {
            LOG.warn("the OSGi framework did not stop cleanly: {}", reason(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
