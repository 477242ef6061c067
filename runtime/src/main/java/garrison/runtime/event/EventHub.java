// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.event;

import garrison.runtime.json.EventJson;
import garrison.spi.Event;
import garrison.spi.EventListener;
import garrison.spi.EventsLost;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands each event, as one JSON line made once, to every {@link EventStream} that wants it. Never waits for a receiver. */
public final class EventHub implements EventListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventHub.class);

    private final List<EventStream> streams = new CopyOnWriteArrayList<>();
    private final AtomicLong unwritable = new AtomicLong();

    /**
     * Opens a stream of the events from now on.
     *
     * @param receiver who reads it, for the line that tells a loss
     * @param capacity lines kept for a slow receiver, at least 2
     */
    public EventStream open(EventFilter filter, String receiver, int capacity) {
        if (capacity < 2) {
            throw new IllegalArgumentException("capacity " + capacity + " leaves no room to tell a loss");
        }
        EventStream stream = new EventStream(this, filter, receiver, capacity);
        streams.add(stream);
        return stream;
    }

    @Override
    public void onEvent(Event event) {
        byte[] line = null;
        for (EventStream stream : streams) {
            if (stream.filter().wants(event)) {
                if (line == null) {
                    line = EventStream.line(json(event));
                }
                stream.offer(line);
            }
        }
    }

    private String json(Event event) {
        try {
            return EventJson.line(event);
        } catch (RuntimeException e) {
            LOG.warn("an event of {} cannot be written: {}", event.getClass().getName(), e.toString());
            return EventJson.line(new EventsLost("garrison", Instant.now(), "listener", 1, unwritable.incrementAndGet(),
                    event.getClass().getName() + " cannot be written: " + e));
        }
    }

    void remove(EventStream stream) {
        streams.remove(stream);
    }

    /** Ends all streams; what waits in them can still be read. */
    @Override
    public void close() {
        streams.forEach(EventStream::end);
        streams.clear();
    }
}
