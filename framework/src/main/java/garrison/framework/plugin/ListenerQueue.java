// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.Status.ListenerStatus;
import garrison.spi.Event;
import garrison.spi.EventListener;
import garrison.spi.EventsLost;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One listener, its bounded queue and its thread. */
final class ListenerQueue implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ListenerQueue.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long IDLE_MILLIS = 200;
    private static final long TELL_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Wakes the thread when no event will. */
    private static final Event END = new EventsLost("garrison", Instant.EPOCH, "listener", 0, 0, "");

    private final String name;
    private final Class<? extends Event> wanted;
    private final EventListener listener;
    private final Consumer<Event> others;
    private final ArrayBlockingQueue<Event> queue;
    private final Shares shares;
    private final AtomicLong lost = new AtomicLong();
    private final Thread thread;
    private volatile boolean ending;
    /** Written by the queue's thread only. */
    private volatile long delivered;
    private long told;
    private long lastTold = System.nanoTime() - TELL_NANOS;
    private long thrown;

    /**
     * @param wanted events of other types never enter the queue
     * @param others hear of this listener's losses
     */
    ListenerQueue(String name, Class<? extends Event> wanted, EventListener listener, int capacity,
            BiConsumer<ListenerQueue, Event> others) {
        this.name = name;
        this.wanted = wanted;
        this.listener = listener;
        this.others = event -> others.accept(this, event);
        this.queue = new ArrayBlockingQueue<>(capacity);
        this.shares = new Shares(capacity);
        this.thread = Thread.ofPlatform().daemon().inheritInheritableThreadLocals(false)
                .name("garrison-listener-" + name).start(this::run);
    }

    EventListener listener() {
        return listener;
    }

    void offer(Event event) {
        if (wanted.isInstance(event) && (ending || !place(event))) {
            lost.incrementAndGet();
        }
    }

    private boolean place(Event event) {
        String plugin = event.plugin();
        if (!shares.take(plugin)) {
            return false;
        }
        if (queue.offer(event)) {
            return true;
        }
        shares.give(plugin);
        return false;
    }

    ListenerStatus status() {
        return new ListenerStatus(name, delivered, queue.size(), lost.get());
    }

    /** Takes no more events. */
    void end() {
        ending = true;
        queue.offer(END); // a full queue wakes it anyway
    }

    @Override
    public void close() {
        end();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            if (!thread.join(PATIENCE)) {
                LOG.warn("Listener {} has not heard its last {} events after {}; they are dropped", name, queue.size(), PATIENCE);
                queue.clear();
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            queue.clear();
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (true) {
                Event event = ending ? queue.poll() : queue.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
                if (event == END) {
                    continue;
                }
                if (event != null) {
                    deliver(event);
                    delivered++;
                }
                tellLosses(event == null);
                if (event == null && ending) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("Listener {} ends before its queue is empty", name);
        }
    }

    /** At most once a second while events come in, so that telling costs no further events. */
    private void tellLosses(boolean idle) {
        long now = lost.get();
        if (now != told && (idle || System.nanoTime() - lastTold >= TELL_NANOS)) {
            lastTold = System.nanoTime();
            long count = now - told;
            told = now;
            EventsLost event = new EventsLost("garrison", Instant.now(), "listener", count, now, name);
            LOG.warn("Listener {} is too slow: {} events lost, {} in all", name, count, now);
            if (wanted.isInstance(event)) {
                deliver(event);
            }
            others.accept(event);
        }
    }

    private void deliver(Event event) {
        try {
            shares.give(event.plugin());
            listener.onEvent(event);
        } catch (Throwable t) {
            if (Long.bitCount(++thrown) == 1) {
                LOG.warn("Listener {} threw for the {}. time, on event {} of {}; it goes on hearing", name, thrown, event.type(),
                        event.plugin(), t);
            }
        }
    }
}
