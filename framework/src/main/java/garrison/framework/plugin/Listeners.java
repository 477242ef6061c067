// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.Status.ListenerStatus;
import garrison.spi.Event;
import garrison.spi.EventListener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Hands each event to every listener's own queue. Never blocks whoever publishes. */
public final class Listeners implements AutoCloseable {
    private final CopyOnWriteArrayList<ListenerQueue> queues = new CopyOnWriteArrayList<>();
    private final int capacity;

    /** @param capacity of each listener's queue, in events */
    public Listeners(int capacity) {
        this.capacity = capacity;
    }

    /** Adds a listener under a name of its own; it hears what is published from now on. */
    public void add(String name, Class<? extends Event> wanted, EventListener listener) {
        queues.add(new ListenerQueue(name, wanted, listener, capacity, this::publishToOthers));
    }

    /** Removes a listener after it has heard what is in its queue (for at most some seconds). */
    public void remove(EventListener listener) {
        for (ListenerQueue queue : queues) {
            if (queue.listener() == listener && queues.remove(queue)) {
                queue.close();
            }
        }
    }

    /** Hands out an event; callable from any thread. */
    public void publish(Event event) {
        for (ListenerQueue queue : queues) {
            queue.offer(event);
        }
    }

    private void publishToOthers(ListenerQueue source, Event event) {
        for (ListenerQueue queue : queues) {
            if (queue != source) {
                queue.offer(event);
            }
        }
    }

    /** Each listener's figures, in the order they came. */
    public List<ListenerStatus> status() {
        return queues.stream().map(ListenerQueue::status).toList();
    }

    /** Delivers what is queued, then ends the threads. */
    @Override
    public void close() {
        queues.forEach(ListenerQueue::end);
        queues.forEach(ListenerQueue::close);
        queues.clear();
    }
}
