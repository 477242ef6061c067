// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/** move_mount(2), which mount(8) uses from util-linux 2.39 on. */
final class MoveMount {
    private static final long NUMBER = 429;
    private static final int AT_FDCWD = -100;
    private static final MethodHandle SYSCALL = Linker.nativeLinker().downcallHandle(
            Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(1),
            Linker.Option.captureCallState("errno"));
    private static final VarHandle ERRNO = Linker.Option.captureStateLayout().varHandle(groupElement("errno"));
    static final int EPERM = 1;

    private MoveMount() {}

    /** 0, or the error number. */
    static int move(Path from, Path to) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(Linker.Option.captureStateLayout());
            long result = (long) SYSCALL.invokeExact(state, NUMBER, AT_FDCWD, scratch.allocateFrom(from.toString()), AT_FDCWD,
                    scratch.allocateFrom(to.toString()), 0);
            return result == 0 ? 0 : (int) ERRNO.get(state, 0L);
        } catch (Throwable t) {
            throw new AssertionError("move_mount", t);
        }
    }
}
