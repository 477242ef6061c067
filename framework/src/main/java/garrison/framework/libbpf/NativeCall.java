// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The one shape by which all C functions are called: six 64-bit words in, one out. On x86-64 and arm64 integers, flags and
 * pointers travel in the same six registers, a callee reads of each the bits that it declares, and what it does not declare
 * it does not read; so one linkage serves every function of up to six such arguments, variadic ones included. A linkage of
 * its own for each prototype cost a start 40 of them: 0.3 s natively, and seconds in an emulated machine.
 *
 * <p>Safety, for whoever calls: the address must be a function with such arguments only; of a result narrower than 64 bits
 * the upper ones mean nothing and must be cast away; every pointer must stay valid until C no longer uses it, so its arena
 * is one that is closed by hand, after the call. {@link #at} refuses what is known to be wrong.
 */
final class NativeCall {
    private static final Linker LINKER = Linker.nativeLinker();
    /** Where {@link #withErrno} leaves errno. */
    static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
    private static final MethodHandle PLAIN = LINKER.downcallHandle(words());

    private NativeCall() {}

    private static FunctionDescriptor words() {
        MemoryLayout[] six = new MemoryLayout[6];
        Arrays.fill(six, JAVA_LONG);
        return FunctionDescriptor.of(JAVA_LONG, six);
    }

    /** Linked when first needed. */
    private static final class Capturing {
        static final MethodHandle CALL = LINKER.downcallHandle(words(), Linker.Option.captureCallState("errno"));
    }

    /** A function of libc. */
    static MemorySegment libc(String name) {
        return LINKER.defaultLookup().findOrThrow(name);
    }

    /** The word by which C knows native memory; 0 for NULL. */
    static long at(MemorySegment memory) {
        if (!memory.isNative() || !memory.scope().isAlive()) {
            throw new IllegalArgumentException("no native memory that is alive: " + memory);
        }
        return memory.address();
    }

    /** Calls a function that leaves no errno, or whose errno nobody asks for. */
    static long plain(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) PLAIN.invokeExact(function, a, b, c, d, e, f);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /** Calls a function and keeps its errno. @param state at least {@link #STATE} */
    static long withErrno(MemorySegment function, MemorySegment state, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) Capturing.CALL.invokeExact(function, state, a, b, c, d, e, f);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /** Means something only if the call failed: a successful one may leave any value in it. */
    static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    /** No call throws on the Java side unless its arguments do not fit the shape. */
    private static AssertionError broken(Throwable t) {
        return new AssertionError("native call of the wrong shape", t);
    }
}
