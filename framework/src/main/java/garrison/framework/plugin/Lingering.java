// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.spi.PluginState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Plugins whose bundles stopped: their programs go on deciding, and their events are told, until the next version takes over
 * or the time is up. Guarded by the host's lock; only {@link #slots} may be called without it.
 */
final class Lingering {
    private record Leaver(PluginSlot slot, long deadline) {}

    private final List<Leaver> leavers = new CopyOnWriteArrayList<>();

    void add(PluginSlot slot, Duration time) {
        leavers.add(new Leaver(slot, System.nanoTime() + time.toNanos()));
    }

    /** The one of this name, or null. */
    PluginSlot named(String name) {
        return slots().stream().filter(s -> s.name().equals(name)).findFirst().orElse(null);
    }

    List<PluginSlot> slots() {
        return leavers.stream().map(Leaver::slot).toList();
    }

    /** Forgets one: another has taken over. */
    boolean remove(PluginSlot slot) {
        return leavers.removeIf(l -> l.slot == slot);
    }

    /** Ends one. */
    void end(PluginSlot slot, String reason) {
        if (slots().contains(slot)) {
            slot.stop(PluginState.STOPPED, reason);
            remove(slot);
        }
    }

    /** Ends those whose time is up. */
    void endOverdue() {
        for (Leaver leaver : new ArrayList<>(leavers)) {
            if (System.nanoTime() - leaver.deadline >= 0) {
                end(leaver.slot, "its bundle has stopped");
            }
        }
    }
}
