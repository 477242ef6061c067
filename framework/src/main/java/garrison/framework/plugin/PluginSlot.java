// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.Status.BudgetStatus;
import garrison.framework.Status.EventCounts;
import garrison.framework.Status.PluginStatus;
import garrison.framework.Status.ProgramCost;
import garrison.framework.budget.Finding;
import garrison.framework.config.GarrisonSettings;
import garrison.framework.config.PluginSettings;
import garrison.framework.trust.TrustSettings;
import garrison.spi.BudgetChanged;
import garrison.spi.EnforcementChanged;
import garrison.spi.GarrisonException;
import garrison.spi.LoadedObject;
import garrison.spi.Mode;
import garrison.spi.OnOverrun;
import garrison.spi.Plugin;
import garrison.spi.PluginChanged;
import garrison.spi.PluginState;
import garrison.spi.PolicyChange;
import garrison.spi.VerifierException;
import garrison.framework.link.PinFolder;
import garrison.framework.link.PinnedRun;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One plugin that is present, running or not. The host calls what changes it under its own lock; {@link #status} may be
 * called by any thread and does not wait.
 */
final class PluginSlot {
    private static final Logger LOG = LoggerFactory.getLogger(PluginSlot.class);

    /** What is told to people, in one piece. */
    private record Condition(PluginState state, String reason, Mode mode, Instant since) {}

    private final String name;
    private final Plugin plugin;
    private final Platform platform;
    private final Listeners listeners;
    private final Optional<PinFolder> pins;
    private final BiConsumer<PluginSlot, Runnable> turns;
    /** Held whenever the session is called, so that no two calls overlap. */
    private final ReentrantLock session = new ReentrantLock();
    private volatile Condition condition = new Condition(PluginState.STOPPED, "not started", Mode.AUDIT, Instant.now());
    private volatile PluginRun run;
    private volatile EventCounts lastCounts = EventCounts.NONE;
    private volatile Map<String, String> figures = Map.of();
    /** What was last told of the present run; guarded by {@link #told}. */
    private Enforcement lastTold;
    private final Object told = new Object();
    private int generation;

    /** @param turns runs a change when it is this slot's turn, if it is still present then, and returns at once */
    PluginSlot(String name, Plugin plugin, Platform platform, Listeners listeners, Optional<PinFolder> pins,
            BiConsumer<PluginSlot, Runnable> turns) {
        this.name = name;
        this.plugin = plugin;
        this.platform = platform;
        this.listeners = listeners;
        this.pins = pins;
        this.turns = turns;
    }

    String name() {
        return name;
    }

    Plugin plugin() {
        return plugin;
    }

    PluginState state() {
        return condition.state;
    }

    boolean isReaderThread() {
        PluginRun current = run;
        return current != null && current.isReaderThread();
    }

    /** This plugin's part of a configuration. */
    PluginSettings settings(GarrisonSettings all) {
        return all.plugin(name, GarrisonSettings.defaults(plugin.getClass()));
    }

    /** Starts it, or leaves it DISABLED or FAILED; throws nothing. */
    void start(GarrisonSettings all) {
        start(all, null);
    }

    /**
     * The same, in the place of another.
     *
     * @param before whose programs stay attached until this one's are, and after that until it is stopped; may be null
     */
    void start(GarrisonSettings all, PluginSlot before) {
        Mode mode = all.mode();
        try {
            PluginSettings settings = settings(all);
            mode = settings.mode();
            if (settings.enabled()) {
                activate(prepare(settings, before == null ? null : before.run), settings, all.reader());
            } else {
                removeOrphans();
                disable(settings);
            }
        } catch (Throwable t) {
            fail(t, mode);
        }
    }

    /** All of a start that can be refused without a trace. */
    PluginRun prepare(PluginSettings settings) {
        return prepare(settings, null);
    }

    private PluginRun prepare(PluginSettings settings, PluginRun before) {
        become(PluginState.STARTING, "", settings.mode());
        session.lock();
        try {
            Heritage heritage = Heritage.of(name, before, pins, platform);
            generation = Math.max(generation, heritage.generation()) + 1;
            return PluginRun.prepare(plugin, platform, listeners, settings, generation, heritage,
                    (run, change) -> turns.accept(this, () -> restage(run, change)));
        } finally {
            session.unlock();
        }
    }

    /** The rest of a start. */
    void activate(PluginRun prepared, PluginSettings settings, GarrisonSettings.ReaderKind kind) {
        session.lock();
        try {
            prepared.activate(settings.mode(), kind, this::unreadable);
            run = prepared;
            lastCounts = EventCounts.NONE;
            figures = look(prepared);
            become(PluginState.ACTIVE, "", settings.mode());
            tellEnforcement(Instant.now());
        } catch (Throwable t) {
            run = null;
            prepared.close();
            throw t;
        } finally {
            session.unlock();
        }
    }

    /** Whether the object in use is still trusted. */
    void recheck(TrustSettings trust) {
        guarded(() -> run.recheck(trust));
    }

    /** A plugin that is not to run leaves nothing of an earlier process attached either. */
    private void removeOrphans() {
        pins.ifPresent(folder -> folder.runs(name).forEach(PinnedRun::remove));
    }

    /** Tells the programs that somebody is there. */
    void beat() {
        PluginRun current = run;
        if (current != null) {
            current.beat();
        }
    }

    /** Stages new settings beside the running policy. */
    Transition stage(PluginSettings settings) {
        session.lock();
        try {
            return run.stage(settings);
        } finally {
            session.unlock();
        }
    }

    /** Takes a change that the plugin asked for, under the host's lock. A run that has ended since wants nothing any more. */
    private void restage(PluginRun asking, Function<LoadedObject, Optional<PolicyChange>> change) {
        if (run != asking) {
            return;
        }
        AtomicBoolean done = new AtomicBoolean();
        try {
            guarded(() -> asking.stage(change).ifPresent(transition -> {
                try (transition) {
                    transition.attach();
                    transition.commit();
                    done.set(true);
                    transition.finish();
                }
            }));
        } catch (Throwable t) {
            unchanged(asking, t, done.get());
        }
        if (done.get()) {
            policyChanged();
            tellChange(condition.mode);
        }
    }

    private void unchanged(PluginRun asking, Throwable failure, boolean committed) {
        if (committed) {
            LOG.error("Plugin {}: a change that it asked for could not be completed: {}", name, failure.toString(), failure);
            return;
        }
        String reason = "a change of policy that it asked for was refused, the policy in force stays: " + words(failure);
        LOG.error("Plugin {}: {}", name, reason);
        LOG.debug("Plugin {}: refused", name, failure);
        asking.refused(reason);
        listeners.publish(new PluginChanged(name, Instant.now(), condition.state, condition.mode, reason));
    }

    /** Another policy is in force: that one was refused before matters no more. */
    void policyChanged() {
        run.refused("");
    }

    /** Runs a step of a transition so that no call on the session overlaps it. */
    void guarded(Runnable step) {
        session.lock();
        try {
            step.run();
        } finally {
            session.unlock();
        }
    }

    /** Writes the mode, which holds when this returns. */
    void write(Mode mode) {
        PluginRun current = run;
        if (current == null) {
            Condition now = condition;
            throw new GarrisonException("plugin " + name + " is " + now.state + (now.reason.isEmpty() ? "" : " (" + now.reason + ")")
                    + "; its mode can be switched while it is ACTIVE");
        }
        guarded(() -> current.mode(mode));
    }

    /** Tells that its policy or mode is another one now. */
    void tellChange(Mode mode) {
        guarded(() -> figures = look(run));
        become(PluginState.ACTIVE, condition.reason, mode);
        tellEnforcement(Instant.now());
    }

    /** Tells what its programs really do, if that is news. Called from any thread, waits for no session. */
    void tellEnforcement(Instant time) {
        synchronized (told) {
            PluginRun current = run;
            if (current == null) {
                lastTold = null;
                return;
            }
            Mode requested = condition.mode;
            Enforcement before = lastTold == null ? Enforcement.asRequested(requested) : lastTold;
            Enforcement now = current.enforcement(requested);
            lastTold = now;
            if (now.differsFrom(before)) {
                if (now.isAsRequested()) {
                    LOG.info("Plugin {} is in {} mode again, as requested", name, requested);
                } else {
                    LOG.error("Plugin {} was to {} and does: {}. Nothing runs at {}: {}", name, requested, now.actual(),
                            now.hooks().isEmpty() ? "hooks unknown" : String.join(", ", now.hooks()), now.reason());
                }
                listeners.publish(new EnforcementChanged(name, time, requested, now.actual(), now.hooks(), now.reason()));
            }
        }
    }

    /** What its programs cost is measured from now on. */
    void openWindow() {
        PluginRun current = run;
        if (current != null) {
            current.account().open();
        }
    }

    /** What the window brought that is to be acted on. */
    Optional<Finding> closeWindow(long minRuns) {
        PluginRun current = run;
        return current == null ? Optional.empty() : current.account().close(minRuns);
    }

    /** A budget from the configuration, which ends what was done about the one before. */
    void budget(PluginSettings settings) {
        guarded(() -> run.account().budget(settings.budget().over(plugin.budget())));
    }

    /** Acts on a finding as the budget's policy says, and tells it. */
    void overrun(Finding finding) {
        PluginRun current = run;
        if (current == null) {
            return;
        }
        OnOverrun action = !finding.over() || finding.budget().onOverrun() == OnOverrun.DEMOTE && condition.mode == Mode.AUDIT
                ? OnOverrun.REPORT : finding.budget().onOverrun();
        ProgramCost dearest = finding.dearest();
        LOG.warn("Plugin {} {}: {} ({})", name, finding.over() ? "is over its budget" : "keeps to its budget again",
                finding.words(), action);
        listeners.publish(new BudgetChanged(name, Instant.now(), finding.over(), dearest.program(), dearest.hook(), dearest.nsPerRun(),
                finding.budget().nsPerEvent(), dearest.runs(), action, finding.sampling()));
        switch (action) {
            case REPORT -> { }
            case SAMPLE -> guarded(() -> current.restrain(""));
            case DEMOTE -> guarded(() -> current.restrain("demoted to AUDIT, since " + finding.words()));
            case DETACH -> stop(PluginState.STOPPED, "detached until the next reload, since " + finding.words());
        }
        tellEnforcement(Instant.now());
    }

    /** Stops it if it runs. */
    void stop(PluginState next, String reason) {
        PluginRun current = run;
        if (current != null) {
            guarded(() -> {
                current.close();
                run = null;
                lastCounts = current.counts();
            });
        }
        figures = Map.of();
        tellEnforcement(Instant.now());
        become(next, reason, condition.mode);
    }

    /** Ends its run without a word: another of its name has taken over and told so. */
    void supersede() {
        PluginRun current = run;
        if (current != null) {
            guarded(() -> {
                run = null;
                current.close();
            });
        }
    }

    void disable(PluginSettings settings) {
        Mode mode = settings.mode();
        if (run != null) {
            stop(PluginState.DISABLED, "disabled by configuration");
        } else if (condition.state != PluginState.DISABLED) {
            become(PluginState.DISABLED, "disabled by configuration", mode);
        }
    }

    void fail(Throwable failure, Mode mode) {
        String reason = words(failure);
        if (failure instanceof GarrisonException) {
            LOG.error("Plugin {} FAILED: {}", name, reason);
        } else {
            LOG.error("Plugin {} FAILED: {}", name, reason, failure);
        }
        if (failure instanceof VerifierException e) {
            LOG.debug("Verifier log of {}:\n{}", e.program(), e.log());
        }
        figures = Map.of();
        become(PluginState.FAILED, reason, mode);
    }

    PluginStatus status() {
        PluginRun current = run;
        Condition now = condition;
        if (current == null) {
            return new PluginStatus(name, now.state, now.reason, now.mode, null, "", now.since, "", "", List.of(), lastCounts,
                    Map.of(), BudgetStatus.NONE, Map.of(), "");
        }
        if (session.tryLock()) {
            try {
                figures = look(current);
            } finally {
                session.unlock();
            }
        }
        Enforcement enforcement = current.enforcement(now.mode);
        String trouble = current.trouble();
        return new PluginStatus(name, now.state, now.reason.isEmpty() ? trouble : now.reason, now.mode, enforcement.actual(), enforcement.reason(), now.since,
                current.object(), current.checkedBy(), current.attached(), current.counts(), figures, current.account().status(),
                denials(current), "");
    }

    private static Map<String, Long> denials(PluginRun run) {
        try {
            return run.denials();
        } catch (IllegalStateException closing) {
            return Map.of();
        }
    }

    String reason() {
        return condition.reason;
    }

    Mode requestedMode() {
        return condition.mode;
    }

    /** On the reader's thread. A run that is being closed has been told about already. */
    private void unreadable(Throwable failure) {
        if (run == null) {
            return;
        }
        become(PluginState.ACTIVE, "its programs decide, but its events are read no more: " + words(failure), condition.mode);
    }

    /** Enters a state and tells so; also back to what was before a start that was refused. */
    void become(PluginState state, String reason, Mode mode) {
        Instant now = Instant.now();
        condition = new Condition(state, reason, mode, now);
        String detail = reason.isEmpty() && state == PluginState.ACTIVE ? summary(figures) : reason;
        if (state != PluginState.FAILED) { // that has been logged as an error
            LOG.info("Plugin {} is {} in {} mode{}", name, state, mode, detail.isEmpty() ? "" : ": " + detail);
        }
        listeners.publish(new PluginChanged(name, now, state, mode, detail));
    }

    private static String words(Throwable failure) {
        return failure instanceof GarrisonException && failure.getMessage() != null ? failure.getMessage()
                : "a defect of the plugin: " + failure;
    }

    private static String summary(Map<String, String> figures) {
        return figures.entrySet().stream().map(e -> e.getKey() + ": " + e.getValue()).collect(Collectors.joining(", "));
    }

    private static Map<String, String> look(PluginRun run) {
        try {
            return Collections.unmodifiableMap(new LinkedHashMap<>(run.figures()));
        } catch (Throwable t) {
            return Map.of("status", "the plugin could not tell: " + t);
        }
    }
}
