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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One listener, its bounded queue and its thread. */
final class ListenerQueue implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ListenerQueue.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long IDLE_MILLIS = 500;

    private final String name;
    private final Class<? extends Event> wanted;
    private final EventListener listener;
    private final ArrayBlockingQueue<Event> queue;
    private final AtomicLong lost = new AtomicLong();
    private final Thread thread;
    private volatile boolean ending;
    /** Written by the queue's thread only. */
    private volatile long delivered;
    private long told;
    private long thrown;

    ListenerQueue(String name, Class<? extends Event> wanted, EventListener listener, int capacity) {
        this.name = name;
        this.wanted = wanted;
        this.listener = listener;
        this.queue = new ArrayBlockingQueue<>(capacity);
        this.thread = Thread.ofPlatform().daemon().name("garrison-listener-" + name).start(this::run);
    }

    EventListener listener() {
        return listener;
    }

    void offer(Event event) {
        if (wanted.isInstance(event) && (ending || !queue.offer(event))) {
            lost.incrementAndGet();
        }
    }

    ListenerStatus status() {
        return new ListenerStatus(name, delivered, queue.size(), lost.get());
    }

    /** Takes no more events. */
    void end() {
        ending = true;
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
                Event event = queue.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
                if (event != null) {
                    deliver(event);
                    delivered++;
                } else if (ending) {
                    return;
                }
                tellLosses();
            }
        } catch (InterruptedException e) {
            LOG.debug("Listener {} ends before its queue is empty", name);
        }
    }

    private void tellLosses() {
        long now = lost.get();
        if (now != told) {
            long count = now - told;
            told = now;
            EventsLost event = new EventsLost("garrison", Instant.now(), "listener", count, now, name);
            if (wanted.isInstance(event)) {
                deliver(event);
            }
        }
    }

    private void deliver(Event event) {
        try {
            listener.onEvent(event);
        } catch (Throwable t) {
            if (Long.bitCount(++thrown) == 1) {
                LOG.warn("Listener {} threw for the {}. time, on event {} of {}; it goes on hearing", name, thrown, event.type(),
                        event.plugin(), t);
            }
        }
    }
}
