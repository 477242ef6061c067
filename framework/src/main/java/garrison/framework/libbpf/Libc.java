// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import static garrison.framework.libbpf.NativeCall.at;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The few calls to the C library. Results follow the kernel's own convention: zero or more is success, negative is minus
 * errno. The C library is there whenever Java is, so the functions are looked up once.
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
    public static final int EPOLLPRI = 2;

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

    private static final MemorySegment OPEN = NativeCall.libc("open");
    private static final MemorySegment CLOSE = NativeCall.libc("close");
    private static final MemorySegment READ = NativeCall.libc("read");
    private static final MemorySegment WRITE = NativeCall.libc("write");
    private static final MemorySegment MMAP = NativeCall.libc("mmap");
    private static final MemorySegment MUNMAP = NativeCall.libc("munmap");
    private static final MemorySegment EVENTFD = NativeCall.libc("eventfd");
    private static final MemorySegment PRCTL = NativeCall.libc("prctl");
    private static final MemorySegment SYSCALL = NativeCall.libc("syscall");
    private static final MemorySegment EPOLL_CREATE1 = NativeCall.libc("epoll_create1");
    private static final MemorySegment EPOLL_CTL = NativeCall.libc("epoll_ctl");
    private static final MemorySegment EPOLL_WAIT = NativeCall.libc("epoll_wait");
    private static final MemorySegment FLOCK = NativeCall.libc("flock");
    private static final MemorySegment CLOCK_GETTIME = NativeCall.libc("clock_gettime");
    private static final MemorySegment STRERROR_R = NativeCall.libc("strerror_r");
    private static final int SYS_MEMBARRIER = 324;
    private static final int MEMBARRIER_CMD_GLOBAL = 1;

    private Libc() {}

    /** Of a function that returns 64 bits. */
    private static long call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = errnoState(scratch);
            long result = NativeCall.withErrno(function, state, a, b, c, d, e, f);
            return result == -1 ? -NativeCall.errno(state) : result;
        }
    }

    /** Of a function that returns an {@code int}. */
    private static int callInt(MemorySegment function, long a, long b, long c, long d) {
        try (Arena scratch = Arena.ofConfined()) {
            return callInt(function, errnoState(scratch), a, b, c, d);
        }
    }

    private static int callInt(MemorySegment function, MemorySegment state, long a, long b, long c, long d) {
        int result = (int) NativeCall.withErrno(function, state, a, b, c, d, 0, 0);
        return result < 0 ? -NativeCall.errno(state) : result;
    }

    /** errno in words, for example {@code Operation not permitted}. */
    public static String strerror(int errno) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment words = MemorySegment.ofAddress(
                    NativeCall.plain(STRERROR_R, errno, at(scratch.allocate(256)), 256, 0, 0, 0));
            return words.reinterpret(256).getString(0);
        }
    }

    /**
     * {@code int clock_gettime(clockid_t clock, struct timespec *time)}: the clock in nanoseconds.
     *
     * @throws IllegalArgumentException if there is no such clock
     */
    public static long clockNanos(int clock) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment time = scratch.allocate(2 * JAVA_LONG.byteSize(), JAVA_LONG.byteAlignment());
            // Without errno: it fails only for a clock that does not exist.
            if ((int) NativeCall.plain(CLOCK_GETTIME, clock, at(time), 0, 0, 0, 0) != 0) {
                throw new IllegalArgumentException("no clock " + clock);
            }
            return time.get(JAVA_LONG, 0) * 1_000_000_000L + time.get(JAVA_LONG, JAVA_LONG.byteSize());
        }
    }

    /** {@code int flock(int fd, int operation)}: 0. Falls with the last copy of the descriptor, however the process ends. */
    public static int flock(int fd, int operation) {
        return callInt(FLOCK, fd, operation, 0, 0);
    }

    /**
     * {@code membarrier(MEMBARRIER_CMD_GLOBAL)} on x86-64: returns when every BPF program that does not sleep and was running
     * at the call has ended, since such programs run under the RCU read lock.
     *
     * @return 0, or minus errno where the kernel does not offer it (nohz_full)
     */
    public static int awaitRunningPrograms() {
        return (int) call(SYSCALL, SYS_MEMBARRIER, MEMBARRIER_CMD_GLOBAL, 0, 0, 0, 0);
    }

    /** {@code int open(const char *path, int flags)}: a file descriptor. Only for flags that create nothing. */
    public static int open(String path, int flags) {
        try (Arena scratch = Arena.ofConfined()) {
            return callInt(OPEN, at(scratch.allocateFrom(path)), flags, 0, 0);
        }
    }

    /** {@code int close(int fd)}: 0. The descriptor is gone even when it fails. */
    public static int close(int fd) {
        return callInt(CLOSE, fd, 0, 0, 0);
    }

    /** {@code ssize_t read(int fd, void *buffer, size_t length)}: bytes read, 0 at the end. */
    public static long read(int fd, MemorySegment buffer, long length) {
        return call(READ, fd, at(buffer), length, 0, 0, 0);
    }

    /** {@code ssize_t write(int fd, const void *buffer, size_t length)}: bytes written. */
    public static long write(int fd, MemorySegment buffer, long length) {
        return call(WRITE, fd, at(buffer), length, 0, 0, 0);
    }

    /**
     * {@code void *mmap(NULL, size_t length, int protection, int flags, int fd, off_t offset)}: the address, which the caller
     * turns into a segment and later unmaps.
     */
    public static long mmap(long length, int protection, int flags, int fd, long offset) {
        return call(MMAP, 0, length, protection, flags, fd, offset);
    }

    /** {@code int munmap(void *address, size_t length)}: 0. */
    public static int munmap(long address, long length) {
        return callInt(MUNMAP, address, length, 0, 0);
    }

    /** {@code int eventfd(unsigned int initial, int flags)}: a file descriptor. */
    public static int eventfd(int initial, int flags) {
        return callInt(EVENTFD, initial, flags, 0, 0);
    }

    /**
     * {@code perf_event_open(2)} with neither group nor flags but close-on-exec: a file descriptor.
     *
     * @param pid -1 for all processes
     */
    public static int perfEventOpen(MemorySegment attributes, int pid, int cpu) {
        long number = "amd64".equals(System.getProperty("os.arch")) ? 298 : 241;
        long closeOnExec = 8;
        return (int) call(SYSCALL, number, at(attributes), pid, cpu, -1, closeOnExec);
    }

    /** {@code prctl(PR_SET_NAME, name)}: names the calling thread; 0, or -1. At most 15 characters count. */
    public static int nameThread(MemorySegment name) {
        int setName = 15;
        return (int) NativeCall.plain(PRCTL, setName, at(name), 0, 0, 0, 0);
    }

    /** {@code int epoll_create1(int flags)}: a file descriptor. */
    public static int epollCreate1(int flags) {
        return callInt(EPOLL_CREATE1, flags, 0, 0, 0);
    }

    /**
     * {@code int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)}: 0.
     *
     * @param events the mask: {@link #EPOLLIN}, {@link #EPOLLPRI}
     * @param data comes back with each event
     */
    public static int epollCtl(int epoll, int operation, int fd, int events, long data) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment event = scratch.allocate(16, 8);
            event.set(JAVA_INT, 0, events);
            event.set(ValueLayout.JAVA_LONG_UNALIGNED, EPOLL_DATA, data);
            return callInt(EPOLL_CTL, epoll, operation, fd, at(event));
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
        return callInt(EPOLL_WAIT, errnoState, epoll, at(events), max, timeoutMillis);
    }

    /** Scratch for {@link #epollWait}. */
    public static MemorySegment errnoState(Arena arena) {
        return arena.allocate(NativeCall.STATE);
    }
}
