// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.libbpf.Libbpf;
import garrison.spi.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Runs {@code SEC("syscall")} programs by their descriptors. Minimum kernel 5.14. */
public final class SyscallRun {
    /** struct bpf_test_run_opts as of libbpf 1.0. */
    private static final int SIZE = 80;
    private static final long CONTEXT = 32;
    private static final long CONTEXT_SIZE = 48;
    private static final long RESULT = 56;

    private SyscallRun() {}

    /**
     * Runs one once.
     *
     * @param fd the program's
     * @param program its name, for the error
     * @param context copied in and out; may be empty
     * @return the program's return value
     * @throws KernelException if the kernel refuses
     */
    public static int run(Libbpf libbpf, Owner owner, int fd, String program, byte[] context) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment options = scratch.allocate(SIZE, 8);
            MemorySegment copy = scratch.allocateFrom(JAVA_BYTE, context);
            options.set(JAVA_LONG, 0, SIZE);
            options.set(ADDRESS, CONTEXT, context.length == 0 ? MemorySegment.NULL : copy);
            options.set(JAVA_INT, CONTEXT_SIZE, context.length);
            int result = libbpf.progTestRun(fd, options);
            if (result < 0) {
                throw new KernelException("plugin " + owner.plugin() + ": program " + program + " cannot be run on kernel "
                        + owner.kernelRelease() + ": " + libbpf.words(result) + " (errno " + -result + ")", -result);
            }
            MemorySegment.copy(copy, JAVA_BYTE, 0, context, 0, context.length);
            return options.get(JAVA_INT, RESULT);
        }
    }
}
