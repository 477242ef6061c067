// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.spi.Event;
import garrison.spi.EventsLost;
import java.time.Instant;
import java.util.function.Consumer;

/** One way in which a plugin's records get lost: counted by one thread, told now and then, readable by all. */
final class Losses {
    private final String plugin;
    private final String where;
    private volatile long total;
    private long told;
    private String detail = "";

    Losses(String plugin, String where) {
        this.plugin = plugin;
        this.where = where;
    }

    /** One more. */
    void add() {
        total = total + 1;
    }

    /** What was told by somebody before this. */
    void begin(long count) {
        told = count;
        total = count;
    }

    /** What the next telling says. Built only when {@link #quiet}, so that a flood of losses makes no garbage. */
    void detail(String text) {
        detail = text;
    }

    /** Whether all was told so far. */
    boolean quiet() {
        return total == told;
    }

    /** The count so far, where somebody else counts. */
    void set(long count) {
        total = count;
    }

    long total() {
        return total;
    }

    void tell(Consumer<Event> events) {
        long now = total;
        if (now != told) {
            long count = now - told;
            told = now;
            events.accept(new EventsLost(plugin, Instant.now(), where, count, now, detail));
        }
    }
}
