// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import static garrison.framework.libbpf.NativeCall.at;
import static garrison.framework.libbpf.NativeCall.plain;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Calls by prototype, over {@link NativeCall}. Each takes the function's address first. That way one process can hold several
 * libraries (or none), and a missing symbol costs nothing until it is called.
 *
 * <p>Names: result, underscore, arguments; {@code p} pointer, {@code i} 32 bits, {@code j} 64 bits, {@code v} void, {@code e} a
 * pointer with errno. Safety: the address must be a function of just that C prototype, and every pointer valid for as long as C
 * uses it.
 */
final class Downcall {
    private Downcall() {}

    static void v_p(MemorySegment f, MemorySegment a) {
        plain(f, at(a), 0, 0, 0, 0, 0);
    }

    static int i_v(MemorySegment f) {
        return (int) plain(f, 0, 0, 0, 0, 0, 0);
    }

    static int i_i(MemorySegment f, int a) {
        return (int) plain(f, a, 0, 0, 0, 0, 0);
    }

    static int i_p(MemorySegment f, MemorySegment a) {
        return (int) plain(f, at(a), 0, 0, 0, 0, 0);
    }

    static int i_pi(MemorySegment f, MemorySegment a, int b) {
        return (int) plain(f, at(a), b, 0, 0, 0, 0);
    }

    static int i_pip(MemorySegment f, MemorySegment a, int b, MemorySegment c) {
        return (int) plain(f, at(a), b, at(c), 0, 0, 0);
    }

    static int i_ip(MemorySegment f, int a, MemorySegment b) {
        return (int) plain(f, a, at(b), 0, 0, 0, 0);
    }

    static int i_ipp(MemorySegment f, int a, MemorySegment b, MemorySegment c) {
        return (int) plain(f, a, at(b), at(c), 0, 0, 0);
    }

    static int i_ipj(MemorySegment f, int a, MemorySegment b, long c) {
        return (int) plain(f, a, at(b), c, 0, 0, 0);
    }

    static int i_pj(MemorySegment f, MemorySegment a, long b) {
        return (int) plain(f, at(a), b, 0, 0, 0, 0);
    }

    static int i_ippj(MemorySegment f, int a, MemorySegment b, MemorySegment c, long d) {
        return (int) plain(f, a, at(b), at(c), d, 0, 0);
    }

    static int i_ipppp(MemorySegment f, int a, MemorySegment b, MemorySegment c, MemorySegment d, MemorySegment e) {
        return (int) plain(f, a, at(b), at(c), at(d), at(e), 0);
    }

    static int i_ipiiip(MemorySegment f, int a, MemorySegment b, int c, int d, int e, MemorySegment g) {
        return (int) plain(f, a, at(b), c, d, e, at(g));
    }

    static int i_ipppjp(MemorySegment f, int a, MemorySegment b, MemorySegment c, MemorySegment d, long e, MemorySegment g) {
        return (int) plain(f, a, at(b), at(c), at(d), e, at(g));
    }

    static MemorySegment p_v(MemorySegment f) {
        return MemorySegment.ofAddress(plain(f, 0, 0, 0, 0, 0, 0));
    }

    static MemorySegment p_p(MemorySegment f, MemorySegment a) {
        return MemorySegment.ofAddress(plain(f, at(a), 0, 0, 0, 0, 0));
    }

    static MemorySegment p_pp(MemorySegment f, MemorySegment a, MemorySegment b) {
        return MemorySegment.ofAddress(plain(f, at(a), at(b), 0, 0, 0, 0));
    }

    static Handle e_p(MemorySegment f, MemorySegment a) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(NativeCall.STATE);
            return handle(NativeCall.withErrno(f, state, at(a), 0, 0, 0, 0, 0), state);
        }
    }

    static Handle e_pi(MemorySegment f, MemorySegment a, int b) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(NativeCall.STATE);
            return handle(NativeCall.withErrno(f, state, at(a), b, 0, 0, 0, 0), state);
        }
    }

    static Handle e_pp(MemorySegment f, MemorySegment a, MemorySegment b) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(NativeCall.STATE);
            return handle(NativeCall.withErrno(f, state, at(a), at(b), 0, 0, 0, 0), state);
        }
    }

    static Handle e_ppp(MemorySegment f, MemorySegment a, MemorySegment b, MemorySegment c) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(NativeCall.STATE);
            return handle(NativeCall.withErrno(f, state, at(a), at(b), at(c), 0, 0, 0), state);
        }
    }

    static Handle e_pjp(MemorySegment f, MemorySegment a, long b, MemorySegment c) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(NativeCall.STATE);
            return handle(NativeCall.withErrno(f, state, at(a), b, at(c), 0, 0, 0), state);
        }
    }

    static Handle e_ippp(MemorySegment f, int a, MemorySegment b, MemorySegment c, MemorySegment d) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = scratch.allocate(NativeCall.STATE);
            return handle(NativeCall.withErrno(f, state, a, at(b), at(c), at(d), 0, 0), state);
        }
    }

    /** errno means something only when the result is NULL: a successful call may leave any value in it. */
    private static Handle handle(long address, MemorySegment state) {
        return new Handle(MemorySegment.ofAddress(address), address == 0 ? NativeCall.errno(state) : 0);
    }
}
