// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.framework.libbpf.Libc;
import garrison.spi.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** An epoll set of one ring and one eventfd, so that a waiting reader can be stopped at once. Waiting allocates nothing. */
final class WaitSet implements AutoCloseable {
    /** From sys/epoll.h. */
    static final int EDGE_TRIGGERED = 1 << 31;
    private static final int CLOEXEC = 02000000;
    private static final int NONBLOCK = 04000;

    private final int epoll;
    private final int wakeup;
    private final MemorySegment events;
    private final MemorySegment errno;
    private final MemorySegment one;

    /**
     * @param arena owns the scratch; outlives this
     * @param fd the ring's
     * @param triggering {@link #EDGE_TRIGGERED}, or 0 for level-triggered
     */
    WaitSet(Arena arena, String ring, int fd, int triggering) {
        events = arena.allocate(2L * Libc.EPOLL_EVENT_SIZE, 8);
        errno = Libc.errnoState(arena);
        one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1L);
        epoll = check(ring, "epoll_create1", Libc.epollCreate1(CLOEXEC));
        int event = -1;
        try {
            event = check(ring, "eventfd", Libc.eventfd(0, CLOEXEC | NONBLOCK));
            // Never read, so edge-triggered: each write is one wake-up.
            check(ring, "epoll_ctl of an eventfd", Libc.epollCtl(epoll, Libc.EPOLL_CTL_ADD, event, Libc.EPOLLIN | EDGE_TRIGGERED, 0));
            check(ring, "epoll_ctl of the map", Libc.epollCtl(epoll, Libc.EPOLL_CTL_ADD, fd, Libc.EPOLLIN | triggering, 1));
        } catch (RuntimeException | Error e) {
            if (event >= 0) {
                Libc.close(event);
            }
            Libc.close(epoll);
            throw e;
        }
        wakeup = event;
    }

    void await(int millis) {
        int ready = Libc.epollWait(epoll, events, 2, millis, errno);
        if (ready < 0 && ready != -Libc.EINTR) {
            throw new KernelException("epoll_wait: " + Libc.strerror(-ready), -ready);
        }
    }

    void wake() {
        Libc.write(wakeup, one, Long.BYTES);
    }

    @Override
    public void close() {
        Libc.close(wakeup);
        Libc.close(epoll);
    }

    private static int check(String ring, String call, int result) {
        if (result < 0) {
            throw new KernelException(ring + ": " + call + " for its ring buffer: " + Libc.strerror(-result), -result);
        }
        return result;
    }
}
