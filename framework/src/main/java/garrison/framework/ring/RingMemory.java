// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * A ring where it is. The kernel lays it out as one page with the consumer's position, which we write, one page
 * with the producer's, and the data, mapped twice in a row so that no record is ever split.
 *
 * <p>About wake-ups: on commit the kernel notifies if, and only if, the consumer's position is at that very record. Our
 * position is published a batch at a time, so a producer may see an old one and stay silent; therefore, after the last
 * publication of a batch, a full fence, then another look at the ring, and only when that finds nothing a wait. Either
 * that look sees the record or its producer saw our position. With that, edge-triggered epoll suffices, which unlike
 * level-triggered does not spin while a preempted program holds the next record reserved.
 */
final class RingMemory {
    private static final VarHandle POSITION = ValueLayout.JAVA_LONG.varHandle();
    private static final VarHandle HEADER = ValueLayout.JAVA_INT.varHandle();
    private static final int BUSY = 1 << 31;
    private static final int DISCARDED = 1 << 30;
    /** Bytes of a record's own header: length and flags, then an offset that only the kernel uses. */
    private static final int HEADER_SIZE = 8;

    private final String name;
    private final MemorySegment consumer;
    private final MemorySegment producer;
    /** The data's address. */
    private final long data;
    private final long size;
    private final boolean eachRecord;
    private final RingRecord record = new RingRecord();
    private long position;

    /**
     * @param name the plugin's, for errors
     * @param consumer its first 8 bytes are the consumer's position, written here
     * @param producer its first 8 bytes are the producer's position
     * @param data 2 × {@code size} bytes, mapped whenever {@link #drain} is called
     * @param size bytes, a power of two
     * @param eachRecord whether the position is published after each record
     */
    RingMemory(String name, MemorySegment consumer, MemorySegment producer, MemorySegment data, long size, boolean eachRecord) {
        this.name = name;
        this.consumer = consumer;
        this.producer = producer;
        this.data = data.address();
        this.size = size;
        this.eachRecord = eachRecord;
        position = (long) POSITION.getAcquire(consumer, 0L);
    }

    /** Whether all that was reserved has been read. */
    boolean isEmpty() {
        return position == (long) POSITION.getAcquire(producer, 0L);
    }

    /** Where the record at hand lies. Plainly read by another thread: a store for each record is what it must not cost. */
    long progress() {
        return record.place();
    }

    /** See {@link Ring#drain}. */
    int drain(Ring.Sink sink) {
        long at = position;
        long end = (long) POSITION.getAcquire(producer, 0L);
        long backlog = end - at;
        if (backlog < 0 || backlog > size || ((at | end) & 7) != 0) {
            throw new RingCorruptException(name, "consumer at " + at + ", producer at " + end + ", size " + size);
        }
        // The fuller the ring, the sooner its room is given back.
        long step = eachRecord ? 0 : Math.max(size >> 6, (size - backlog) >> 3);
        long begin = at;
        long published = at;
        int count = 0;
        // In locals: an acquiring read makes the compiler read fields anew.
        long base = data;
        long wrap = size - 1;
        RingRecord view = record;
        view.begin();
        try {
            while (at != end) {
                int header = (int) HEADER.getAcquire(RingRecord.MEMORY, base + (at & wrap));
                if ((header & BUSY) != 0) {
                    break;
                }
                int length = header & ~DISCARDED;
                long room = (length + HEADER_SIZE + 7L) & ~7L;
                if (room > end - at) {
                    throw new RingCorruptException(name, "record of " + length + " bytes at " + at + ", producer at " + end);
                }
                if (header != length) {
                    at += room;
                } else {
                    // A run of equal headers: where the next record begins does not wait for what this one's header says, so
                    // that the processor fetches several at a time.
                    long last = Math.min(end, published + step) - room;
                    do {
                        view.at(base + (at & wrap) + HEADER_SIZE, length);
                        count++;
                        sink.accept(view);
                        at += room;
                    } while (at <= last && (int) HEADER.getAcquire(RingRecord.MEMORY, base + (at & wrap)) == header);
                }
                if (at - published >= step) {
                    POSITION.setRelease(consumer, 0L, at);
                    published = at;
                }
            }
        } finally {
            view.end();
            position = at;
            // Whoever has the map's descriptor can write its position, and a ring that is full by it takes nothing: put right here.
            if (at != begin || (long) POSITION.getOpaque(consumer, 0L) != at) {
                POSITION.setRelease(consumer, 0L, at);
                VarHandle.fullFence();
            }
        }
        return count;
    }
}
