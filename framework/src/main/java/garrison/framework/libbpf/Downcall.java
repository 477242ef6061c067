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
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Calls by shape. The handles are static finals, so the compiler sees constants, but unbound: each takes the function's
 * address first. That way one process can hold several libraries (or none), a missing symbol costs nothing until it is
 * called, and the shapes that many functions share are linked once: start-up matters more here than the last nanosecond.
 *
 * <p>Names: result, underscore, arguments; {@code p} pointer, {@code i} 32 bits, {@code j} 64 bits, {@code v} void.
 * Safety: the address must be a function of just that C prototype, and every pointer valid for as long as C uses it.
 */
final class Downcall {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option WITH_ERRNO = Linker.Option.captureCallState("errno");
    private static final VarHandle ERRNO = Linker.Option.captureStateLayout().varHandle(PathElement.groupElement("errno"));

    private static final MethodHandle V_P = shapeVoid(ADDRESS);
    private static final MethodHandle I_V = shape(JAVA_INT);
    private static final MethodHandle I_I = shape(JAVA_INT, JAVA_INT);
    private static final MethodHandle I_P = shape(JAVA_INT, ADDRESS);
    private static final MethodHandle I_PI = shape(JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle I_PIP = shape(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle I_IP = shape(JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle I_IPP = shape(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle I_IPJ = shape(JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle I_PJ = shape(JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle I_IPPJ = shape(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle I_IPPPP = shape(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle I_IPIIIP =
            shape(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle I_IPPPJP =
            shape(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
    private static final MethodHandle P_V = shape(ADDRESS);
    private static final MethodHandle P_P = shape(ADDRESS, ADDRESS);
    private static final MethodHandle P_PP = shape(ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle E_P = shapeWithErrno(ADDRESS, ADDRESS);
    private static final MethodHandle E_PI = shapeWithErrno(ADDRESS, ADDRESS, JAVA_INT);
    private static final MethodHandle E_PP = shapeWithErrno(ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle E_PJP = shapeWithErrno(ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
    private static final MethodHandle E_IPPP = shapeWithErrno(ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS);

    private Downcall() {}

    private static MethodHandle shape(MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(FunctionDescriptor.of(result, arguments));
    }

    private static MethodHandle shapeVoid(MemoryLayout... arguments) {
        return LINKER.downcallHandle(FunctionDescriptor.ofVoid(arguments));
    }

    private static MethodHandle shapeWithErrno(MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(FunctionDescriptor.of(result, arguments), WITH_ERRNO);
    }

    /** None of the calls below throws on the Java side unless its arguments do not fit its own shape. */
    private static AssertionError broken(Throwable t) {
        return new AssertionError("native call of the wrong shape", t);
    }

    static void v_p(MemorySegment f, MemorySegment a) {
        try {
            V_P.invokeExact(f, a);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_v(MemorySegment f) {
        try {
            return (int) I_V.invokeExact(f);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_i(MemorySegment f, int a) {
        try {
            return (int) I_I.invokeExact(f, a);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_p(MemorySegment f, MemorySegment a) {
        try {
            return (int) I_P.invokeExact(f, a);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_pi(MemorySegment f, MemorySegment a, int b) {
        try {
            return (int) I_PI.invokeExact(f, a, b);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_pip(MemorySegment f, MemorySegment a, int b, MemorySegment c) {
        try {
            return (int) I_PIP.invokeExact(f, a, b, c);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_ip(MemorySegment f, int a, MemorySegment b) {
        try {
            return (int) I_IP.invokeExact(f, a, b);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_ipp(MemorySegment f, int a, MemorySegment b, MemorySegment c) {
        try {
            return (int) I_IPP.invokeExact(f, a, b, c);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_ipj(MemorySegment f, int a, MemorySegment b, long c) {
        try {
            return (int) I_IPJ.invokeExact(f, a, b, c);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_pj(MemorySegment f, MemorySegment a, long b) {
        try {
            return (int) I_PJ.invokeExact(f, a, b);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_ippj(MemorySegment f, int a, MemorySegment b, MemorySegment c, long d) {
        try {
            return (int) I_IPPJ.invokeExact(f, a, b, c, d);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_ipppp(MemorySegment f, int a, MemorySegment b, MemorySegment c, MemorySegment d, MemorySegment e) {
        try {
            return (int) I_IPPPP.invokeExact(f, a, b, c, d, e);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_ipiiip(MemorySegment f, int a, MemorySegment b, int c, int d, int e, MemorySegment g) {
        try {
            return (int) I_IPIIIP.invokeExact(f, a, b, c, d, e, g);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static int i_ipppjp(MemorySegment f, int a, MemorySegment b, MemorySegment c, MemorySegment d, long e, MemorySegment g) {
        try {
            return (int) I_IPPPJP.invokeExact(f, a, b, c, d, e, g);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static MemorySegment p_v(MemorySegment f) {
        try {
            return (MemorySegment) P_V.invokeExact(f);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static MemorySegment p_p(MemorySegment f, MemorySegment a) {
        try {
            return (MemorySegment) P_P.invokeExact(f, a);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static MemorySegment p_pp(MemorySegment f, MemorySegment a, MemorySegment b) {
        try {
            return (MemorySegment) P_PP.invokeExact(f, a, b);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static Handle e_p(MemorySegment f, MemorySegment a) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = Libc.errnoState(scratch);
            return handle((MemorySegment) E_P.invokeExact(f, state, a), state);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static Handle e_pi(MemorySegment f, MemorySegment a, int b) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = Libc.errnoState(scratch);
            return handle((MemorySegment) E_PI.invokeExact(f, state, a, b), state);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static Handle e_pp(MemorySegment f, MemorySegment a, MemorySegment b) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = Libc.errnoState(scratch);
            return handle((MemorySegment) E_PP.invokeExact(f, state, a, b), state);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static Handle e_pjp(MemorySegment f, MemorySegment a, long b, MemorySegment c) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = Libc.errnoState(scratch);
            return handle((MemorySegment) E_PJP.invokeExact(f, state, a, b, c), state);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    static Handle e_ippp(MemorySegment f, int a, MemorySegment b, MemorySegment c, MemorySegment d) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = Libc.errnoState(scratch);
            return handle((MemorySegment) E_IPPP.invokeExact(f, state, a, b, c, d), state);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /** errno means something only when the result is NULL: a successful call may leave any value in it. */
    private static Handle handle(MemorySegment address, MemorySegment state) {
        return new Handle(address, address.address() == 0 ? (int) ERRNO.get(state, 0L) : 0);
    }
}
