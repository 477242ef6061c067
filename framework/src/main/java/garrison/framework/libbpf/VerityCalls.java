// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import static garrison.framework.libbpf.NativeCall.at;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** fs-verity's {@code ioctl(2)} calls. Results: zero or more is success, negative is minus errno. */
public final class VerityCalls {
    private static final MemorySegment IOCTL = NativeCall.libc("ioctl");
    private static final long ENABLE = 0x40806685L;
    private static final long MEASURE = 0xc0046686L;
    /** struct fsverity_enable_arg: version, hash algorithm, block size; salt, signature and what is reserved stay 0. */
    private static final int ENABLE_SIZE = 128;
    private static final int SHA256 = 1;
    private static final int BLOCK = 4096;
    /** struct fsverity_digest: algorithm, size, digest. */
    private static final int HEADER = 2 * Short.BYTES;
    private static final int DIGEST_ROOM = 64;

    private VerityCalls() {}

    /**
     * {@code ioctl(fd, FS_IOC_ENABLE_VERITY, …)}: 0; the file can never be written again. SHA-256, blocks of 4,096 bytes, no salt.
     *
     * @param fd opened for reading; nobody may have it open for writing
     */
    public static int enable(int fd) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment argument = scratch.allocate(ENABLE_SIZE, Long.BYTES);
            argument.setAtIndex(JAVA_INT, 0, 1);
            argument.setAtIndex(JAVA_INT, 1, SHA256);
            argument.setAtIndex(JAVA_INT, 2, BLOCK);
            return call(scratch, fd, ENABLE, argument);
        }
    }

    /** {@code ioctl(fd, FS_IOC_MEASURE_VERITY, …)}: the digest; empty if the file is not sealed, or not by SHA-256. */
    public static Optional<byte[]> measure(int fd) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment digest = scratch.allocate(HEADER + DIGEST_ROOM, Long.BYTES);
            digest.set(JAVA_SHORT, Short.BYTES, (short) DIGEST_ROOM);
            if (call(scratch, fd, MEASURE, digest) < 0 || digest.get(JAVA_SHORT, 0) != SHA256) {
                return Optional.empty();
            }
            return Optional.of(digest.asSlice(HEADER, digest.get(JAVA_SHORT, Short.BYTES)).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private static int call(Arena scratch, int fd, long request, MemorySegment argument) {
        MemorySegment state = Libc.errnoState(scratch);
        int result = (int) NativeCall.withErrno(IOCTL, state, fd, request, at(argument), 0, 0, 0);
        return result < 0 ? -NativeCall.errno(state) : result;
    }
}
