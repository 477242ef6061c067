// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import garrison.spi.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** An epoll set of one descriptor and one eventfd, so that whoever waits can be stopped at once. Waiting allocates nothing. */
public final class WaitSet implements AutoCloseable {
    /** From sys/epoll.h. */
    public static final int EDGE_TRIGGERED = 1 << 31;
    private static final int CLOEXEC = 02000000;
    private static final int NONBLOCK = 04000;

    private final int epoll;
    private final int wakeup;
    private final MemorySegment events;
    private final MemorySegment errno;
    private final MemorySegment one;

    /**
     * @param arena owns the scratch; outlives this
     * @param what the descriptor is, for errors
     * @param fd stays the caller's
     * @param mask {@link Libc#EPOLLIN} or {@link Libc#EPOLLPRI}, with {@link #EDGE_TRIGGERED} or without
     * @throws KernelException if no descriptors are left
     */
    public WaitSet(Arena arena, String what, int fd, int mask) {
        events = arena.allocate(2L * Libc.EPOLL_EVENT_SIZE, 8);
        errno = Libc.errnoState(arena);
        one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1L);
        epoll = check(what, "epoll_create1", Libc.epollCreate1(CLOEXEC));
        int event = -1;
        try {
            event = check(what, "eventfd", Libc.eventfd(0, CLOEXEC | NONBLOCK));
            // Never read, so edge-triggered: each write is one wake-up.
            check(what, "epoll_ctl of an eventfd", Libc.epollCtl(epoll, Libc.EPOLL_CTL_ADD, event, Libc.EPOLLIN | EDGE_TRIGGERED, 0));
            check(what, "epoll_ctl", Libc.epollCtl(epoll, Libc.EPOLL_CTL_ADD, fd, mask, 1));
        } catch (RuntimeException | Error e) {
            if (event >= 0) {
                Libc.close(event);
            }
            Libc.close(epoll);
            throw e;
        }
        wakeup = event;
    }

    /**
     * Waits, on one thread at a time.
     *
     * @param millis at most; -1 for ever
     * @return whether there was anything, {@link #wake} included
     * @throws KernelException if it cannot wait
     */
    public boolean await(int millis) {
        int ready = Libc.epollWait(epoll, events, 2, millis, errno);
        if (ready < 0 && ready != -Libc.EINTR) {
            throw new KernelException("epoll_wait: " + Libc.strerror(-ready), -ready);
        }
        return ready > 0;
    }

    /** Ends one wait, the next one if none is under way. From any thread. */
    public void wake() {
        Libc.write(wakeup, one, Long.BYTES);
    }

    @Override
    public void close() {
        Libc.close(wakeup);
        Libc.close(epoll);
    }

    private static int check(String what, String call, int result) {
        if (result < 0) {
            throw new KernelException(what + ": " + call + ": " + Libc.strerror(-result), -result);
        }
        return result;
    }
}
