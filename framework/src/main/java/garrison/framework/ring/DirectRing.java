// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.framework.libbpf.Libc;
import garrison.spi.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Reads the ring where it is. The kernel lays it out as one page with the consumer's position, which we write, one page
 * with the producer's, and the data, mapped twice in a row so that no record is ever split.
 *
 * <p>About wake-ups: on commit the kernel notifies if, and only if, the consumer's position is at that very record. Our
 * position is published a batch at a time, so a producer may see an old one and stay silent; therefore, after the last
 * publication of a batch, a full fence, then another look at the ring, and only when that finds nothing a wait. Either
 * that look sees the record or its producer saw our position. With that, edge-triggered epoll suffices, which unlike
 * level-triggered does not spin while a preempted program holds the next record reserved.
 */
final class DirectRing implements Ring {
    private static final VarHandle POSITION = ValueLayout.JAVA_LONG.varHandle();
    private static final VarHandle HEADER = ValueLayout.JAVA_INT.varHandle();
    private static final int BUSY = 1 << 31;
    private static final int DISCARDED = 1 << 30;
    /** Bytes of a record's own header: length and flags, then an offset that only the kernel uses. */
    private static final int HEADER_SIZE = 8;

    private final String name;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment consumer;
    private final MemorySegment producer;
    private final MemorySegment data;
    private final long size;
    private final WaitSet waitSet;
    private final RingRecord record;
    private long position;

    /**
     * @param name the plugin's, for errors
     * @param fd the map's; must stay open until {@link #close}
     * @param size the map's max_entries: bytes, a power of two
     */
    DirectRing(String name, int fd, long size) {
        this.name = name;
        this.size = size;
        try {
            long page = PageSize.BYTES;
            consumer = map(page, Libc.PROT_READ | Libc.PROT_WRITE, fd, 0);
            producer = map(page + 2 * size, Libc.PROT_READ, fd, page);
            data = producer.asSlice(page);
            record = new RingRecord(data);
            waitSet = new WaitSet(arena, name, fd, WaitSet.EDGE_TRIGGERED);
            position = (long) POSITION.getAcquire(consumer, 0L);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    @Override
    public int drain(Sink sink) {
        long at = position;
        long end = (long) POSITION.getAcquire(producer, 0L);
        long backlog = end - at;
        if (backlog < 0 || backlog > size || ((at | end) & 7) != 0) {
            throw new RingCorruptException(name, "consumer at " + at + ", producer at " + end + ", size " + size);
        }
        // The fuller the ring, the sooner its room is given back.
        long step = Math.max(size >> 6, (size - backlog) >> 3);
        long published = at;
        int count = 0;
        try {
            while (at != end) {
                long offset = at & (size - 1);
                int header = (int) HEADER.getAcquire(data, offset);
                if ((header & BUSY) != 0) {
                    break;
                }
                int length = header & ~(BUSY | DISCARDED);
                long next = at + ((length + HEADER_SIZE + 7L) & ~7L);
                if (next - end > 0) {
                    throw new RingCorruptException(name, "record of " + length + " bytes at " + at + ", producer at " + end);
                }
                if ((header & DISCARDED) == 0) {
                    record.at(offset + HEADER_SIZE, length);
                    count++;
                    sink.accept(record);
                }
                at = next;
                if (at - published >= step) {
                    POSITION.setRelease(consumer, 0L, at);
                    published = at;
                }
            }
        } finally {
            position = at;
            if (at != end - backlog) {
                POSITION.setRelease(consumer, 0L, at);
                VarHandle.fullFence();
            }
        }
        return count;
    }

    @Override
    public void await(int millis) {
        waitSet.await(millis);
    }

    @Override
    public void wake() {
        waitSet.wake();
    }

    @Override
    public void close() {
        waitSet.close();
        arena.close();
    }

    private MemorySegment map(long length, int protection, int fd, long offset) {
        long address = Libc.mmap(length, protection, Libc.MAP_SHARED, fd, offset);
        if (address < 0 && address > -PageSize.BYTES) {
            int errno = (int) -address;
            throw new KernelException(name + ": mmap of " + length + " bytes of its ring buffer: " + Libc.strerror(errno), errno);
        }
        return MemorySegment.ofAddress(address).reinterpret(length, arena, mapped -> Libc.munmap(mapped.address(), length));
    }
}
