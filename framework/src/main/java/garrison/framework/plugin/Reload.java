// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.config.GarrisonSettings;
import garrison.framework.config.PluginSettings;
import garrison.framework.trust.UntrustedObjectException;
import garrison.spi.ConfigurationException;
import garrison.spi.GarrisonException;
import garrison.spi.Mode;
import garrison.spi.PluginState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One change of configuration over all plugins: everything that can be refused is done first, and undone if anything is;
 * only then each plugin takes its one step.
 */
final class Reload implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

    private final GarrisonSettings next;
    private final GarrisonSettings current;
    private final List<Running> running = new ArrayList<>();
    private final List<Starting> starting = new ArrayList<>();
    private final List<Refused> refused = new ArrayList<>();
    private final List<Refused> untrusted = new ArrayList<>();
    private final List<Stopping> stopping = new ArrayList<>();
    private boolean done;

    private record Running(PluginSlot slot, PluginSettings settings, Transition transition) {}

    private record Starting(PluginSlot slot, PluginSettings settings, PluginRun run, PluginState before, String reason, Mode mode) {}

    private record Refused(PluginSlot slot, PluginSettings settings, Throwable failure) {}

    private record Stopping(PluginSlot slot, PluginSettings settings) {}

    Reload(GarrisonSettings current, GarrisonSettings next) {
        this.current = current;
        this.next = next;
    }

    /** Checks and stages one plugin's part. */
    void add(PluginSlot slot) {
        step(slot, () -> add(slot, slot.settings(next)));
    }

    private void add(PluginSlot slot, PluginSettings settings) {
        if (!settings.enabled()) {
            stopping.add(new Stopping(slot, settings));
        } else if (slot.state() == PluginState.ACTIVE && trusted(slot, settings)) {
            running.add(new Running(slot, settings, slot.stage(settings)));
        } else if (slot.state() != PluginState.ACTIVE) {
            prepare(slot, settings);
        }
    }

    /** Whose object the operator trusts no more shall not run on. */
    private boolean trusted(PluginSlot slot, PluginSettings settings) {
        try {
            slot.recheck(settings.trust());
            return true;
        } catch (UntrustedObjectException e) {
            untrusted.add(new Refused(slot, settings, e));
            return false;
        }
    }

    /** A plugin that failed for another reason than its settings may fail again without holding up the others. */
    private void prepare(PluginSlot slot, PluginSettings settings) {
        PluginState before = slot.state();
        String reason = slot.reason();
        Mode mode = slot.requestedMode();
        try {
            starting.add(new Starting(slot, settings, slot.prepare(settings), before, reason, mode));
        } catch (Throwable t) {
            if (before == PluginState.FAILED && !(t instanceof ConfigurationException)) {
                refused.add(new Refused(slot, settings, t));
                return;
            }
            slot.become(before, reason, mode);
            throw t;
        }
    }

    /**
     * Puts all in force. When it returns, the kernel decides by the new policies.
     *
     * @throws garrison.spi.GarrisonException if the kernel refuses a step; all is as before then
     */
    void commit() {
        running.forEach(r -> step(r.slot, () -> r.slot.guarded(r.transition::attach)));
        starting.sort(Comparator.comparing(s -> HookOrder.rank(s.settings.mode())));
        starting.forEach(s -> step(s.slot, () -> activate(s)));
        try {
            // A policy that is only to be told of refuses nothing, not for a moment: so AUDIT comes before it, ENFORCE after.
            running.stream().filter(r -> r.settings.mode() == Mode.AUDIT).forEach(r -> step(r.slot, () -> r.slot.write(Mode.AUDIT)));
            running.forEach(r -> step(r.slot, () -> r.slot.guarded(r.transition::commit)));
            running.forEach(r -> step(r.slot, () -> r.slot.budget(r.settings)));
            running.forEach(r -> step(r.slot, () -> r.slot.write(r.settings.mode())));
        } catch (Throwable t) {
            running.stream().filter(r -> r.transition.committed()).forEach(r -> revert(r, t));
            running.stream().filter(r -> !r.transition.committed()).forEach(r -> contain(r.slot, () -> r.slot.write(r.slot.requestedMode())));
            throw t;
        }
        done = true;
    }

    private void activate(Starting s) {
        try {
            s.slot.activate(s.run, s.settings, next.reader());
        } catch (Throwable t) {
            if (s.before != PluginState.FAILED) {
                throw t;
            }
            refused.add(new Refused(s.slot, s.settings, t));
        }
    }

    /** What needs no hurry: old programs off, disabled plugins stopped, everyone told. */
    void finish() {
        for (Running r : running) {
            contain(r.slot, () -> r.slot.guarded(r.transition::finish));
            contain(r.slot, r.slot::policyChanged);
            contain(r.slot, () -> r.slot.tellChange(r.settings.mode()));
        }
        stopping.forEach(s -> s.slot.disable(s.settings));
        untrusted.forEach(r -> r.slot.stop(PluginState.STOPPED, r.failure.getMessage()));
        untrusted.forEach(r -> r.slot.fail(r.failure, r.settings.mode()));
        refused.forEach(r -> r.slot.fail(r.failure, r.settings.mode()));
    }

    /** A committed policy cannot be taken back: the former one is staged and committed anew. */
    private void revert(Running r, Throwable cause) {
        PluginSettings former = r.slot.settings(current);
        try (Transition back = r.slot.stage(former)) {
            r.slot.guarded(() -> {
                back.attach();
                back.commit();
                back.finish();
                r.slot.budget(former);
                r.slot.write(r.slot.requestedMode());
            });
        } catch (Throwable t) {
            LOG.error("Plugin {} has the new policy, which others refused, and cannot go back: {}", r.slot.name(), t.getMessage());
            cause.addSuppressed(t);
        }
    }

    @Override
    public void close() {
        running.forEach(r -> contain(r.slot, () -> r.slot.guarded(r.transition::close)));
        if (!done) {
            starting.forEach(s -> contain(s.slot, () -> {
                s.slot.stop(s.before, s.reason);
                s.run.close();
            }));
            refused.forEach(r -> contain(r.slot, () -> r.slot.fail(r.failure, r.settings.mode())));
        }
    }

    /** What a plugin throws by mistake becomes words that name it. */
    private static void step(PluginSlot slot, Runnable step) {
        try {
            step.run();
        } catch (GarrisonException e) {
            throw e;
        } catch (Throwable t) {
            throw new GarrisonException("plugin " + slot.name() + " could not take the new configuration: a defect of the plugin: " + t, t);
        }
    }

    private static void contain(PluginSlot slot, Runnable step) {
        try {
            step.run();
        } catch (Throwable t) {
            LOG.error("Plugin {}: a change of configuration could not be completed: {}", slot.name(), t.toString(), t);
        }
    }
}
