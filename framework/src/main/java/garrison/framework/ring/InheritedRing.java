// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.framework.btf.Btf;
import garrison.framework.object.PinnedMap;
import garrison.spi.Event;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ring of programs that an earlier process left attached. The next run's reader reads it beside its own, on the same
 * thread, so that a handler is never called by two at once, until {@link #finish}.
 *
 * <p>The position in the ring lives in the ring itself: reading goes on where the earlier process left it. A process that pins
 * publishes its position after each record, so one that is killed has at most the record at hand told again.
 */
public final class InheritedRing {
    private static final Logger LOG = LoggerFactory.getLogger(InheritedRing.class);
    private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final String plugin;
    private final DirectRing ring;
    private final KernelCounters counters;
    private final Losses dropped;
    private final Losses foreign;
    private final boolean readable;
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile long deadline;
    private volatile boolean finishing;
    private volatile long told;
    private boolean corrupt;

    /**
     * @param events the ring
     * @param counters of the same programs
     * @param btf of an object with the same counters
     * @param readable whether the records have the layout that this process knows; if not, they are counted and told as lost
     * @param reported of the drops, those that the earlier process told
     */
    public InheritedRing(String plugin, PinnedMap events, PinnedMap counters, Btf btf, boolean readable, long reported) {
        this.counters = new KernelCounters(counters.map(), btf);
        this.plugin = plugin;
        this.readable = readable;
        dropped = new Losses(plugin, "ring");
        dropped.begin(reported);
        foreign = new Losses(plugin, "layout");
        ring = new DirectRing(plugin, events.fd(), events.spec().maxEntries(), true);
    }

    /** On the reader's thread. Returns the records taken. */
    int drain(Dispatch dispatch) {
        if (corrupt) {
            return 0;
        }
        try {
            int count = ring.drain(readable ? dispatch : record -> foreign.add());
            told += count;
            return count;
        } catch (RingCorruptException e) {
            corrupt = true;
            LOG.error("Plugin {}: what the programs of an earlier process wrote cannot be read: {}", plugin, e.getMessage());
            return 0;
        }
    }

    /** On the reader's thread, after a drain that found nothing: whether that was the end. */
    boolean ended(Consumer<Event> events) {
        if (!finishing || !corrupt && !ring.isEmpty() && System.nanoTime() - deadline < 0) {
            return false;
        }
        String cpus = counters.refresh();
        dropped.detail(cpus);
        dropped.set(counters.dropped());
        dropped.tell(events);
        foreign.detail("records of another layout, written by the programs of an earlier process");
        foreign.tell(events);
        done.countDown();
        return true;
    }

    /**
     * Waits until the reader has read it to its end. Call it when its programs write no more.
     *
     * @param reader the one it was given to
     * @return records told
     */
    public long finish(RingReader reader) {
        deadline = System.nanoTime() + MOST_NANOS;
        finishing = true;
        reader.wake();
        boolean interrupted = false;
        Duration patience = Duration.ofSeconds(10);
        try {
            while (true) {
                try {
                    // The reader may have ended by itself: its ring was corrupt. Nobody reads this one then.
                    if (done.await(patience.toMillis(), TimeUnit.MILLISECONDS) || !reader.isAlive()) {
                        return told;
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** By the reader, which owns it, when it reads no more. */
    void close() {
        ring.close();
    }
}
