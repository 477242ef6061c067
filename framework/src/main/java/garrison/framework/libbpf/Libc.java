// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The few calls to the C library. Results follow the kernel's own convention: zero or more is success, negative is minus
 * errno. The C library is there whenever Java is, so its handles are static and bound.
 */
public final class Libc {
    /** {@code open(2)} flag: names a file without opening it for access. */
    public static final int O_PATH = 010000000;
    /** {@code open(2)} and {@code eventfd(2)} flag: closed at exec. */
    public static final int O_CLOEXEC = 02000000;
    public static final int O_RDONLY = 0;
    public static final int PROT_READ = 1;
    public static final int PROT_WRITE = 2;
    public static final int MAP_SHARED = 1;
    public static final int MAP_PRIVATE = 2;
    public static final int MAP_ANONYMOUS = 0x20;
    public static final int MAP_NORESERVE = 0x4000;
    public static final int EPOLL_CTL_ADD = 1;
    public static final int EPOLL_CTL_DEL = 2;
    public static final int EPOLLIN = 1;

    /** {@code LOCK_EX | LOCK_NB}. */
    public static final int LOCK_NOW = 6;

    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int E2BIG = 7;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ENOSPC = 28;
    public static final int ENOTSUP = 95;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));

    private static final MethodHandle OPEN = bind("open", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle CLOSE = bind("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle READ = bind("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle WRITE = bind("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle MMAP =
            bind("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle MUNMAP = bind("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle EVENTFD = bind("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle PRCTL = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("prctl"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS), Linker.Option.firstVariadicArg(1));
    private static final MethodHandle SYSCALL =
            bind("syscall", JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle EPOLL_CREATE1 = bind("epoll_create1", JAVA_INT, JAVA_INT);
    private static final MethodHandle EPOLL_CTL = bind("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle EPOLL_WAIT =
            bind("epoll_wait", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    /** Without errno: it fails only for a clock that does not exist. */
    private static final MethodHandle FLOCK = bind("flock", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final int SYS_MEMBARRIER = 324;
    private static final int MEMBARRIER_CMD_GLOBAL = 1;
    private static final MethodHandle MEMBARRIER = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("syscall"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT), Linker.Option.firstVariadicArg(1),
            Linker.Option.captureCallState("errno"));
    private static final MethodHandle CLOCK_GETTIME = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("clock_gettime"), FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
    /** Without errno: it never fails for numbers that the kernel uses. */
    private static final MethodHandle STRERROR_R = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("strerror_r"), FunctionDescriptor.of(ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG));

    private Libc() {}

    private static MethodHandle bind(String name, ValueLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"));
    }

    private static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    private static int result(int result, MemorySegment state) {
        return result < 0 ? -errno(state) : result;
    }

    private static long result(long result, MemorySegment state) {
        return result < 0 ? -errno(state) : result;
    }

    /** errno in words, for example {@code Operation not permitted}. */
    public static String strerror(int errno) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment words = (MemorySegment) STRERROR_R.invokeExact(errno, scratch.allocate(256), 256L);
            return words.reinterpret(256).getString(0);
        } catch (Throwable t) {
            throw new AssertionError("strerror_r(" + errno + ")", t);
        }
    }

    /**
     * {@code int clock_gettime(clockid_t clock, struct timespec *time)}: the clock in nanoseconds.
     *
     * @throws IllegalArgumentException if there is no such clock
     */
    public static long clockNanos(int clock) {
        int result;
        long nanos;
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment time = scratch.allocate(2 * JAVA_LONG.byteSize(), JAVA_LONG.byteAlignment());
            result = (int) CLOCK_GETTIME.invokeExact(clock, time);
            nanos = time.get(JAVA_LONG, 0) * 1_000_000_000L + time.get(JAVA_LONG, JAVA_LONG.byteSize());
        } catch (Throwable t) {
            throw new AssertionError("clock_gettime(" + clock + ")", t);
        }
        if (result != 0) {
            throw new IllegalArgumentException("no clock " + clock);
        }
        return nanos;
    }

    /** {@code int flock(int fd, int operation)}: 0. Falls with the last copy of the descriptor, however the process ends. */
    public static int flock(int fd, int operation) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            return result((int) FLOCK.invokeExact(state, fd, operation), state);
        } catch (Throwable t) {
            throw new AssertionError("flock(" + fd + ")", t);
        }
    }

    /**
     * {@code membarrier(MEMBARRIER_CMD_GLOBAL)} on x86-64: returns when every BPF program that does not sleep and was running
     * at the call has ended, since such programs run under the RCU read lock.
     *
     * @return 0, or minus errno where the kernel does not offer it (nohz_full)
     */
    public static int awaitRunningPrograms() {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            return (int) result((long) MEMBARRIER.invokeExact(state, (long) SYS_MEMBARRIER, MEMBARRIER_CMD_GLOBAL, 0), state);
        } catch (Throwable t) {
            throw new AssertionError("membarrier", t);
        }
    }

    /** {@code int open(const char *path, int flags)}: a file descriptor. Only for flags that create nothing. */
    public static int open(String path, int flags) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            return result((int) OPEN.invokeExact(state, scratch.allocateFrom(path), flags), state);
        } catch (Throwable t) {
            throw new AssertionError("open(" + path + ")", t);
        }
    }

    /** {@code int close(int fd)}: 0. The descriptor is gone even when it fails. */
    public static int close(int fd) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            return result((int) CLOSE.invokeExact(state, fd), state);
        } catch (Throwable t) {
            throw new AssertionError("close(" + fd + ")", t);
        }
    }

    /** {@code ssize_t read(int fd, void *buffer, size_t length)}: bytes read, 0 at the end. */
    public static long read(int fd, MemorySegment buffer, long length) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            return result((long) READ.invokeExact(state, fd, buffer, length), state);
        } catch (Throwable t) {
            throw new AssertionError("read(" + fd + ")", t);
        }
    }

    /** {@code ssize_t write(int fd, const void *buffer, size_t length)}: bytes written. */
    public static long write(int fd, MemorySegment buffer, long length) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            return result((long) WRITE.invokeExact(state, fd, buffer, length), state);
        } catch (Throwable t) {
            throw new AssertionError("write(" + fd + ")", t);
        }
    }

    /**
     * {@code void *mmap(NULL, size_t length, int protection, int flags, int fd, off_t offset)}: the address, which the caller
     * turns into a segment and later unmaps.
     */
    public static long mmap(long length, int protection, int flags, int fd, long offset) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            long address = (long) MMAP.invokeExact(state, 0L, length, protection, flags, fd, offset);
            return address == -1 ? -errno(state) : address;
        } catch (Throwable t) {
            throw new AssertionError("mmap(" + length + " bytes of fd " + fd + ")", t);
        }
    }

    /** {@code int munmap(void *address, size_t length)}: 0. */
    public static int munmap(long address, long length) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            return result((int) MUNMAP.invokeExact(state, address, length), state);
        } catch (Throwable t) {
            throw new AssertionError("munmap", t);
        }
    }

    /** {@code int eventfd(unsigned int initial, int flags)}: a file descriptor. */
    public static int eventfd(int initial, int flags) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            return result((int) EVENTFD.invokeExact(state, initial, flags), state);
        } catch (Throwable t) {
            throw new AssertionError("eventfd", t);
        }
    }

    /**
     * {@code perf_event_open(2)} with neither group nor flags but close-on-exec: a file descriptor.
     *
     * @param pid -1 for all processes
     */
    public static int perfEventOpen(MemorySegment attributes, int pid, int cpu) {
        long number = "amd64".equals(System.getProperty("os.arch")) ? 298 : 241;
        long closeOnExec = 8;
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            return (int) result((long) SYSCALL.invokeExact(state, number, attributes, pid, cpu, -1, closeOnExec), state);
        } catch (Throwable t) {
            throw new AssertionError("perf_event_open", t);
        }
    }

    /** {@code prctl(PR_SET_NAME, name)}: names the calling thread; 0, or -1. At most 15 characters count. */
    public static int nameThread(MemorySegment name) {
        int setName = 15;
        try {
            return (int) PRCTL.invokeExact(setName, name);
        } catch (Throwable t) {
            throw new AssertionError("prctl", t);
        }
    }

    /** {@code int epoll_create1(int flags)}: a file descriptor. */
    public static int epollCreate1(int flags) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            return result((int) EPOLL_CREATE1.invokeExact(state, flags), state);
        } catch (Throwable t) {
            throw new AssertionError("epoll_create1", t);
        }
    }

    /**
     * {@code int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)}: 0.
     *
     * @param events the mask, {@link #EPOLLIN}
     * @param data comes back with each event
     */
    public static int epollCtl(int epoll, int operation, int fd, int events, long data) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(STATE);
            MemorySegment event = scratch.allocate(16, 8);
            event.set(JAVA_INT, 0, events);
            event.set(ValueLayout.JAVA_LONG_UNALIGNED, EPOLL_DATA, data);
            return result((int) EPOLL_CTL.invokeExact(state, epoll, operation, fd, event), state);
        } catch (Throwable t) {
            throw new AssertionError("epoll_ctl(" + fd + ")", t);
        }
    }

    /** Where {@code data} lies in struct epoll_event: the struct is packed on x86-64 and nowhere else. */
    public static final int EPOLL_DATA = "amd64".equals(System.getProperty("os.arch")) ? 4 : 8;

    /** Bytes of one struct epoll_event. */
    public static final int EPOLL_EVENT_SIZE = EPOLL_DATA + 8;

    /**
     * {@code int epoll_wait(int epoll, struct epoll_event *events, int max, int timeout)}: the number of events. Allocates
     * nothing.
     *
     * @param events room for {@code max} events of {@link #EPOLL_EVENT_SIZE} bytes
     * @param timeoutMillis -1 waits for ever
     * @param errnoState from {@link #errnoState}, this thread's own
     */
    public static int epollWait(int epoll, MemorySegment events, int max, int timeoutMillis, MemorySegment errnoState) {
        try {
            return result((int) EPOLL_WAIT.invokeExact(errnoState, epoll, events, max, timeoutMillis), errnoState);
        } catch (Throwable t) {
            throw new AssertionError("epoll_wait", t);
        }
    }

    /** Scratch for {@link #epollWait}. */
    public static MemorySegment errnoState(Arena arena) {
        return arena.allocate(STATE);
    }
}
