// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.framework.libbpf.Libc;
import garrison.framework.libbpf.WaitSet;
import garrison.spi.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Maps the kernel's ring and reads it in place: no call into the kernel but to wait. */
final class DirectRing implements Ring {
    private final String name;
    private final Arena arena = Arena.ofShared();
    private final RingMemory memory;
    private final WaitSet waitSet;

    /** One that publishes its position a batch at a time. */
    DirectRing(String name, int fd, long size) {
        this(name, fd, size, false);
    }

    /**
     * @param name the plugin's, for errors
     * @param fd the map's; must stay open until {@link #close}
     * @param size the map's max_entries: bytes, a power of two
     * @param eachRecord whether the position is published after each record: a process that is killed then leaves at most one
     *     to be told again by the next, which goes on at that position
     */
    DirectRing(String name, int fd, long size, boolean eachRecord) {
        this.name = name;
        try {
            long page = PageSize.BYTES;
            MemorySegment consumer = map(page, Libc.PROT_READ | Libc.PROT_WRITE, fd, 0);
            MemorySegment producer = map(page + 2 * size, Libc.PROT_READ, fd, page);
            memory = new RingMemory(name, consumer, producer, producer.asSlice(page), size, eachRecord);
            waitSet = new WaitSet(arena, name + "'s ring buffer", fd, Libc.EPOLLIN | WaitSet.EDGE_TRIGGERED);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    @Override
    public int drain(Sink sink) {
        return memory.drain(sink);
    }

    @Override
    public long progress() {
        return memory.progress();
    }

    /** Whether all that was reserved has been read. */
    boolean isEmpty() {
        return memory.isEmpty();
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
