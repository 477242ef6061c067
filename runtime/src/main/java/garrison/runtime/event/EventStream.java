// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.event;

import garrison.runtime.json.EventJson;
import garrison.spi.EventsLost;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Optional;

/**
 * The event lines for one receiver. The queue is bounded: what finds it full is lost, and told by one {@code events_lost}
 * line in the place where the lost events would have been, {@code where} being {@code listener}.
 */
public final class EventStream implements AutoCloseable {
    private final EventHub hub;
    private final EventFilter filter;
    private final String receiver;
    private final int capacity;
    private final ArrayDeque<byte[]> lines = new ArrayDeque<>();
    private long lost;
    private long lostInAll;
    private boolean ended;

    EventStream(EventHub hub, EventFilter filter, String receiver, int capacity) {
        this.hub = hub;
        this.filter = filter;
        this.receiver = receiver;
        this.capacity = capacity;
    }

    EventFilter filter() {
        return filter;
    }

    synchronized void offer(byte[] line) {
        if (ended) {
            return;
        }
        // The line about the loss takes a place too, so that a full queue stays bounded while it is being told.
        if (lines.size() + (lost > 0 ? 2 : 1) > capacity) {
            lost++;
            return;
        }
        tellLoss();
        lines.add(line);
        notifyAll();
    }

    /** No more lines will come; those that wait can still be taken. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** True when no line waits and none will come. */
    public synchronized boolean finished() {
        return ended && lines.isEmpty() && lost == 0;
    }

    /**
     * Takes the next line.
     *
     * @param longest how long to wait for one
     * @return UTF-8 with its line feed; empty when none came in time, or none will come
     */
    public synchronized Optional<byte[]> next(Duration longest) throws InterruptedException {
        long deadline = System.nanoTime() + longest.toNanos();
        while (lines.isEmpty() && !ended) {
            tellLoss();
            long millis = (deadline - System.nanoTime() + 999_999) / 1_000_000;
            if (!lines.isEmpty() || millis <= 0) {
                break;
            }
            wait(millis);
        }
        if (lines.isEmpty()) {
            tellLoss();
        }
        return Optional.ofNullable(lines.poll());
    }

    private void tellLoss() {
        if (lost > 0) {
            lostInAll += lost;
            lines.add(line(EventJson.line(
                    new EventsLost("garrison", Instant.now(), "listener", lost, lostInAll, receiver))));
            lost = 0;
        }
    }

    static byte[] line(String json) {
        return (json + "\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        hub.remove(this);
        end();
    }
}
