// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import static garrison.framework.libbpf.NativeCall.at;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** Extended attributes of files that are not the user's, which Java does not give. Symbolic links are followed. */
public final class AttributeCalls {
    private static final MemorySegment GET = NativeCall.libc("getxattr");
    private static final MemorySegment SET = NativeCall.libc("setxattr");
    /** XATTR_SIZE_MAX. */
    private static final int LONGEST = 65_536;

    private AttributeCalls() {}

    /** {@code getxattr(file, name, …)}: the value; empty if there is none, or none that may be read. */
    public static Optional<byte[]> get(String file, String name) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment value = scratch.allocate(LONGEST);
            MemorySegment state = Libc.errnoState(scratch);
            long length = NativeCall.withErrno(GET, state, at(scratch.allocateFrom(file)), at(scratch.allocateFrom(name)), at(value),
                    LONGEST, 0, 0);
            return length < 0 ? Optional.empty() : Optional.of(value.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    /** {@code setxattr(file, name, value, …, 0)}: 0, or minus errno. */
    public static int set(String file, String name, byte[] value) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = Libc.errnoState(scratch);
            MemorySegment bytes = scratch.allocate(Math.max(1, value.length));
            bytes.copyFrom(MemorySegment.ofArray(value));
            int result = (int) NativeCall.withErrno(SET, state, at(scratch.allocateFrom(file)), at(scratch.allocateFrom(name)), at(bytes),
                    value.length, 0, 0);
            return result < 0 ? -NativeCall.errno(state) : 0;
        }
    }
}
