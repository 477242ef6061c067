// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import java.lang.foreign.MemorySegment;

/** The few calls to the C library. Results follow the kernel: negative is minus errno. */
public final class Libc {
    private Libc() {}

    /** errno in words, for example {@code Operation not permitted}. */
    public static String strerror(int errno) {
        throw new UnsupportedOperationException();
    }

    public static int open(String path, int flags) {
        throw new UnsupportedOperationException();
    }

    public static int close(int fd) {
        throw new UnsupportedOperationException();
    }

    /** Maps a file; address or minus errno. The caller reinterprets. */
    public static long mmap(long length, int protection, int flags, int fd, long offset) {
        throw new UnsupportedOperationException();
    }

    public static int munmap(long address, long length) {
        throw new UnsupportedOperationException();
    }

    public static int eventfd(int initial, int flags) {
        throw new UnsupportedOperationException();
    }

    public static int epollCreate1(int flags) {
        throw new UnsupportedOperationException();
    }

    public static int epollCtl(int epoll, int operation, int fd, int events, long data) {
        throw new UnsupportedOperationException();
    }

    /**
     * Allocates nothing.
     *
     * @param events room for {@code max} struct epoll_event (12 bytes each on x86-64)
     * @param errnoState from {@link #errnoState}
     * @return events, or minus errno
     */
    public static int epollWait(int epoll, MemorySegment events, int max, int timeoutMillis, MemorySegment errnoState) {
        throw new UnsupportedOperationException();
    }

    /** Scratch for calls that report errno without allocating. */
    public static MemorySegment errnoState(java.lang.foreign.Arena arena) {
        throw new UnsupportedOperationException();
    }

    /** Bytes read, 0 at the end, or minus errno. */
    public static long read(int fd, MemorySegment buffer, long length) {
        throw new UnsupportedOperationException();
    }

    /** Bytes written, or minus errno. */
    public static long write(int fd, MemorySegment buffer, long length) {
        throw new UnsupportedOperationException();
    }
}
