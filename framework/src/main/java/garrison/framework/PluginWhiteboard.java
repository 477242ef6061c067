// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import garrison.spi.EventListener;
import garrison.spi.GarrisonException;
import garrison.spi.Plugin;
import java.util.ArrayList;
import java.util.List;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.util.tracker.ServiceTracker;
import org.osgi.util.tracker.ServiceTrackerCustomizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects a Garrison with the services of an OSGi framework: every {@link Plugin} registered there is added while it is
 * registered, every {@link EventListener} hears events while it is. A plugin starts on the thread that registers it. When it is
 * unregistered, it goes on deciding for the time {@code garrison.linger}, so that an update of its bundle leaves no gap; with a
 * time of 0 it is stopped and freed before its unregistration returns. This is the only class that names OSGi's types: without OSGi on the
 * class path everything else works.
 */
public final class PluginWhiteboard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PluginWhiteboard.class);

    private final Garrison garrison;
    private final BundleContext context;
    private final ServiceTracker<EventListener, EventListener> listeners;
    private final ServiceTracker<Plugin, Plugin> plugins;
    /** Refused because their name is taken; tried again when a plugin leaves. Guarded by itself. */
    private final List<Plugin> waiting = new ArrayList<>();
    private volatile boolean closing;

    private PluginWhiteboard(Garrison garrison, BundleContext context) {
        this.garrison = garrison;
        this.context = context;
        listeners = new ServiceTracker<>(context, EventListener.class, new Tracked<>(this::addListener, garrison::removeListener));
        plugins = new ServiceTracker<>(context, Plugin.class, new Tracked<>(this::addPlugin, this::removePlugin));
    }

    /**
     * Adds the services present and follows those to come.
     *
     * @param garrison to add them to; it outlives the whiteboard
     * @param context of the bundle on whose behalf services are used; the system bundle's is fine
     */
    public static PluginWhiteboard open(Garrison garrison, BundleContext context) {
        PluginWhiteboard whiteboard = new PluginWhiteboard(garrison, context);
        whiteboard.listeners.open();
        whiteboard.plugins.open();
        return whiteboard;
    }

    /** Removes from the Garrison all that came through here, and follows services no more. */
    @Override
    public void close() {
        closing = true;
        plugins.close();
        listeners.close();
    }

    private void addListener(EventListener listener) {
        garrison.addListener(listener);
    }

    private void addPlugin(Plugin plugin) {
        try {
            garrison.add(plugin);
        } catch (GarrisonException e) {
            LOG.error("{}", e.getMessage());
            synchronized (waiting) {
                waiting.add(plugin);
            }
        }
    }

    private void removePlugin(Plugin plugin) {
        List<Plugin> again;
        synchronized (waiting) {
            if (waiting.remove(plugin)) {
                return;
            }
            again = closing ? List.of() : List.copyOf(waiting);
            waiting.removeAll(again);
        }
        if (closing) {
            garrison.remove(plugin);
        } else {
            garrison.release(plugin);
        }
        again.forEach(this::addPlugin);
    }

    private interface Step<S> {
        void accept(S service);
    }

    /** A service that cannot be had or throws must not keep the tracker from the others. */
    private final class Tracked<S> implements ServiceTrackerCustomizer<S, S> {
        private final Step<S> add;
        private final Step<S> remove;

        Tracked(Step<S> add, Step<S> remove) {
            this.add = add;
            this.remove = remove;
        }

        @Override
        public S addingService(ServiceReference<S> reference) {
            S service = context.getService(reference);
            if (service != null) {
                contain("add", reference, () -> add.accept(service));
            }
            return service;
        }

        @Override
        public void modifiedService(ServiceReference<S> reference, S service) {
            LOG.debug("Properties of {} changed; nothing depends on them", reference);
        }

        @Override
        public void removedService(ServiceReference<S> reference, S service) {
            contain("remove", reference, () -> remove.accept(service));
            context.ungetService(reference);
        }

        private void contain(String what, ServiceReference<S> reference, Runnable step) {
            try {
                step.run();
            } catch (Throwable t) {
                LOG.error("Could not {} the service of bundle {}: {}", what, reference.getBundle(), t.toString(), t);
            }
        }
    }
}
