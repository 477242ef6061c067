// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.Status.PluginStatus;
import garrison.framework.Status;
import garrison.framework.budget.Finding;
import garrison.framework.config.GarrisonSettings;
import garrison.framework.link.PinFolder;
import garrison.framework.link.PinnedRun;
import garrison.framework.trust.Anchor;
import garrison.framework.trust.TrustSettings;
import garrison.framework.truth.Witness;
import garrison.spi.GarrisonException;
import garrison.spi.MechanismChanged;
import garrison.spi.Mode;
import garrison.spi.Plugin;
import garrison.spi.PluginState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The plugins of one Garrison. Changes go one after the other under one lock; looking waits for nobody. */
public final class PluginHost implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PluginHost.class);
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");

    private final Platform platform;
    private final Listeners listeners;
    private final ReentrantLock changes = new ReentrantLock();
    private final CopyOnWriteArrayList<PluginSlot> slots = new CopyOnWriteArrayList<>();
    private final Lingering lingering = new Lingering();
    private final Optional<PinFolder> pins;
    private final Heartbeat heartbeat;
    private final BudgetWatch budgets;
    private volatile GarrisonSettings settings;
    private boolean closed;

    /**
     * @param platform outlives this
     * @param listeners outlive this
     * @param settings to begin with
     * @throws GarrisonException if programs are to be pinned and cannot be
     */
    public PluginHost(Platform platform, Listeners listeners, GarrisonSettings settings) {
        this.platform = platform;
        this.listeners = listeners;
        this.settings = settings;
        pins = settings.pins().wanted() ? Optional.of(openPins(settings.pins())) : Optional.empty();
        heartbeat = new Heartbeat(this::present);
        budgets = new BudgetWatch(platform.libbpf(), settings.statistics(), this::present, this::overrun);
        platform.truth().policy(settings.onLost());
        platform.truth().listener(this::mechanismChanged);
    }

    private PinFolder openPins(GarrisonSettings.Pins wanted) {
        PinFolder folder = PinFolder.open(platform.libbpf(), wanted.instance());
        if (wanted.guarded()) {
            try {
                folder.guard(platform.own());
            } catch (RuntimeException | Error e) {
                folder.close();
                throw e;
            }
        }
        return folder;
    }

    /** All whose programs may be attached. */
    private Stream<PluginSlot> present() {
        return Stream.concat(slots.stream(), lingering.slots().stream());
    }

    /** On the budgets' thread. */
    private void overrun(PluginSlot slot, Finding finding) {
        exclusively(() -> {
            if (present().anyMatch(s -> s == slot)) {
                slot.overrun(finding);
            }
            return null;
        });
    }

    /** On the heartbeat's thread. */
    private void mechanismChanged(Witness now) {
        boolean runs = now.runs() == Witness.Runs.YES;
        if (runs) {
            LOG.warn("Programs of kind {} run again: {}", now.mechanism().word(), now.reason());
        } else {
            LOG.error("Programs of kind {} do not run{}: {}", now.mechanism().word(),
                    now.runs() == Witness.Runs.UNKNOWN ? ", or it cannot be told" : "", now.reason());
        }
        listeners.publish(new MechanismChanged(now.since(), now.mechanism().word(), runs, now.lastRun(), now.reason()));
        present().forEach(slot -> slot.tellEnforcement(now.since()));
    }

    /** See {@link garrison.framework.Garrison#add}. */
    public void add(Plugin plugin) {
        String name = nameOf(plugin);
        exclusively(() -> {
            if (closed) {
                throw new IllegalStateException("this Garrison is closed");
            }
            if (slot(name) != null) {
                throw new GarrisonException("a plugin named " + name + " is present already (" + slot(name).plugin().getClass().getName()
                        + "); remove it before adding " + plugin.getClass().getName());
            }
            PluginSlot before = lingering.named(name);
            PluginSlot slot = new PluginSlot(name, plugin, platform, listeners, pins, this::later);
            slots.add(slot);
            slot.start(settings, before);
            if (before != null) {
                takeOver(slot, before);
            }
            return null;
        });
    }

    private void takeOver(PluginSlot slot, PluginSlot before) {
        if (slot.state() == PluginState.FAILED) {
            slot.become(PluginState.FAILED, slot.reason() + "; the version before it decides until its time is up",
                    slot.requestedMode());
        } else {
            lingering.remove(before);
            before.supersede();
        }
    }

    /** See {@link garrison.framework.Garrison#replace}. */
    public void replace(Plugin present, Plugin next) {
        String name = nameOf(next);
        exclusively(() -> {
            PluginSlot before = slots.stream().filter(s -> s.plugin() == present).findFirst().orElseThrow(() ->
                    new GarrisonException("the plugin to be replaced, " + present.getClass().getName() + ", is not present"));
            if (!before.name().equals(name)) {
                throw new GarrisonException("plugin " + before.name() + " cannot be replaced by one named " + name
                        + "; remove it and add the other");
            }
            PluginSlot slot = new PluginSlot(name, next, platform, listeners, pins, this::later);
            slot.start(settings, before);
            if (slot.state() == PluginState.FAILED) {
                before.become(before.state(), before.reason(), before.requestedMode());
                throw new GarrisonException("plugin " + name + " was not replaced, the present one goes on: " + slot.reason());
            }
            slots.set(slots.indexOf(before), slot);
            before.supersede();
            return null;
        });
    }

    /** See {@link garrison.framework.Garrison#release}. */
    public boolean release(Plugin plugin) {
        Duration time = settings.linger();
        if (time.isZero() || closed) {
            return remove(plugin);
        }
        return exclusively(() -> {
            for (PluginSlot slot : slots) {
                if (slot.plugin() == plugin && slot.state() == PluginState.ACTIVE) {
                    slot.become(PluginState.ACTIVE, "its bundle has stopped; it decides for " + time.toMillis()
                            + " ms more, or until the next version takes over", slot.requestedMode());
                    lingering.add(slot, time);
                    CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS).execute(this::endOverdue);
                    return slots.remove(slot);
                }
            }
            return remove(plugin);
        });
    }

    /** See {@link garrison.framework.Garrison#endLingering}. */
    public void endLingering() {
        exclusively(() -> {
            lingering.slots().forEach(slot -> lingering.end(slot, "removed"));
            return null;
        });
    }

    private void endOverdue() {
        exclusively(() -> {
            lingering.endOverdue();
            return null;
        });
    }

    /** See {@link garrison.framework.Garrison#remove}. */
    public boolean remove(Plugin plugin) {
        return exclusively(() -> {
            for (PluginSlot slot : slots) {
                if (slot.plugin() == plugin) {
                    slot.stop(PluginState.STOPPED, "removed");
                    return slots.remove(slot);
                }
            }
            return false;
        });
    }

    /** See {@link garrison.framework.Garrison#mode}. */
    public void mode(String plugin, Mode mode) {
        exclusively(() -> {
            PluginSlot slot = slot(plugin);
            if (slot == null) {
                throw new GarrisonException("no plugin named " + plugin + "; present: "
                        + String.join(", ", slots.stream().map(PluginSlot::name).toList()));
            }
            slot.write(mode);
            slot.tellChange(mode);
            return null;
        });
    }

    /** See {@link garrison.framework.Garrison#reload}. */
    public Duration reload(Supplier<GarrisonSettings> read) {
        long start = System.nanoTime();
        return exclusively(() -> {
            GarrisonSettings next = read.get();
            Duration taken;
            try (Reload reload = new Reload(settings, next)) {
                slots.forEach(reload::add);
                reload.commit();
                taken = Duration.ofNanos(System.nanoTime() - start);
                reload.finish();
            }
            if (next.queue() != settings.queue()) {
                LOG.warn("garrison.events.queue is read at start only: {} stays until then", settings.queue());
            }
            if (!next.pins().equals(settings.pins())) {
                LOG.warn("garrison.pin, garrison.instance and garrison.guard-pins are read at start only");
            }
            settings = next;
            platform.truth().policy(next.onLost());
            budgets.settings(next.statistics());
            LOG.info("New configuration in force after {} ms", taken.toMillis());
            return taken;
        });
    }

    /** All plugins, by name. */
    public List<PluginStatus> status() {
        List<PluginStatus> all = Stream.concat(slots.stream(), lingering.slots().stream().filter(s -> slot(s.name()) == null))
                .map(PluginSlot::status).sorted((a, b) -> a.name().compareTo(b.name())).toList();
        Map<String, String> hidden = HookOrder.hidden(all);
        return all.stream().map(s -> hidden.containsKey(s.name()) ? s.withUnseen(hidden.get(s.name())) : s).toList();
    }

    /** The same plugins in the order in which to start them: those that refuse first, so that observers are asked before them. */
    public List<Plugin> ordered(List<Plugin> plugins) {
        if (plugins.size() < 2) {
            return List.copyOf(plugins); // a rank takes reading the plugin's configuration
        }
        Map<Plugin, Integer> ranks = new IdentityHashMap<>();
        plugins.forEach(plugin -> ranks.put(plugin, rank(plugin)));
        return plugins.stream().sorted(Comparator.comparing(ranks::get)).toList();
    }

    private int rank(Plugin plugin) {
        try {
            return HookOrder.rank(settings.plugin(nameOf(plugin), GarrisonSettings.defaults(plugin.getClass())).mode());
        } catch (GarrisonException unusable) {
            LOG.debug("Its start will say what is wrong with {}", plugin.getClass().getName(), unusable);
            return HookOrder.rank(settings.mode());
        }
    }

    /** Names that are configured and not present. */
    public List<String> absent() {
        TreeSet<String> names = new TreeSet<>(settings.configured());
        slots.forEach(slot -> names.remove(slot.name()));
        return List.copyOf(names);
    }

    /** Whose objects are loaded as things stand. */
    public Status.Trust trust() {
        TrustSettings trust = settings.trust();
        return new Status.Trust(trust.required(), trust.anchors().stream().map(Anchor::toString).toList(), trust.revoked().size(),
                trust.anchors().isEmpty() ? Map.of() : platform.own().checked());
    }

    @Override
    public void close() {
        refuseReaders();
        budgets.close();
        exclusively(() -> {
            closed = true;
            List<PluginSlot> all = new ArrayList<>(slots);
            all.reversed().forEach(slot -> slot.stop(PluginState.STOPPED, "Garrison closes"));
            slots.clear();
            lingering.slots().forEach(slot -> lingering.end(slot, "Garrison closes"));
            heartbeat.close();
            pins.ifPresent(PluginHost::removeAll);
            return null;
        });
    }

    /** What an earlier process left of plugins that this one did not have. */
    private static void removeAll(PinFolder folder) {
        try (folder) {
            for (String plugin : folder.plugins()) {
                for (PinnedRun run : folder.runs(plugin)) {
                    LOG.warn("Removing {}, left by an earlier process", run.folder());
                    run.remove();
                }
            }
        }
    }

    private PluginSlot slot(String name) {
        return slots.stream().filter(s -> s.name().equals(name)).findFirst().orElse(null);
    }

    private <T> T exclusively(Supplier<T> change) {
        refuseReaders();
        changes.lock();
        try {
            return change.get();
        } finally {
            changes.unlock();
        }
    }

    /**
     * What a plugin asks for takes its turn like everything else. On a thread of its own: the one that asks may be one that a stop,
     * which has its turn just now, waits for.
     */
    private void later(PluginSlot slot, Runnable change) {
        Thread.ofPlatform().daemon().inheritInheritableThreadLocals(false).name("garrison-change").start(() -> exclusively(() -> {
            if (slots.contains(slot)) {
                change.run();
            }
            return null;
        }));
    }

    private void refuseReaders() {
        if (present().anyMatch(PluginSlot::isReaderThread)) {
            throw new IllegalStateException("called from a plugin's record handler, which must not wait; use another thread");
        }
    }

    private static String nameOf(Plugin plugin) {
        String name;
        try {
            name = plugin.name();
        } catch (RuntimeException | LinkageError e) {
            throw new GarrisonException("plugin of " + plugin.getClass().getName() + " does not tell its name: " + e, e);
        }
        if (name == null || !NAME.matcher(name).matches()) {
            throw new GarrisonException("plugin of " + plugin.getClass().getName() + " is named '" + name
                    + "'; use lower-case letters, digits and dashes");
        }
        return name;
    }
}
