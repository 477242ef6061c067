// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.ring.RingReader;
import garrison.spi.Event;
import garrison.spi.HandlerStalled;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells when a plugin's handler does not come back. Asked once a second, by the heartbeat's thread only. */
final class StallWatch {
    private static final Logger LOG = LoggerFactory.getLogger(StallWatch.class);
    private static final Duration LONG = Duration.ofSeconds(5);

    private final String plugin;
    private final Consumer<Event> events;
    private Duration longest = Duration.ZERO;
    private volatile String words = "";
    private long progress;
    private long moved = System.nanoTime();

    StallWatch(String plugin, Consumer<Event> events) {
        this.plugin = plugin;
        this.events = events;
    }

    /** Looks at the reader. */
    void look(RingReader reader) {
        Duration busy = busy(reader);
        if (busy.compareTo(LONG) >= 0) {
            String where = reader.where();
            boolean news = longest.isZero();
            longest = busy;
            // Before it is told: who hears of it finds it in the status.
            words = "its programs decide, but its handler has not come back for " + busy.toSeconds() + " s, at " + where;
            if (news) {
                LOG.error("Plugin {}: its handler has not come back for {} s, at {}; its records wait in its ring", plugin,
                        busy.toSeconds(), where);
                events.accept(new HandlerStalled(plugin, Instant.now(), true, busy, where));
            }
        } else if (!longest.isZero()) {
            words = "";
            LOG.warn("Plugin {}: its handler came back after {} s", plugin, longest.toSeconds());
            events.accept(new HandlerStalled(plugin, Instant.now(), false, longest, ""));
            longest = Duration.ZERO;
        }
    }

    /** Not the time of a batch in which record after record is handled. */
    private Duration busy(RingReader reader) {
        long now = System.nanoTime();
        long next = reader.progress();
        if (next != progress) {
            progress = next;
            moved = now;
        }
        Duration still = Duration.ofNanos(now - moved);
        Duration batch = reader.busy();
        return still.compareTo(batch) < 0 ? still : batch;
    }

    /** For people; empty while all is well. */
    String words() {
        return words;
    }
}
