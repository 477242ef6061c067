// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import static garrison.framework.libbpf.NativeCall.at;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * {@code bpf(2)} itself, for what libbpf 1.1 has no function for: signed programs with their maps, and links of programs that
 * it did not load. Results: zero or more is success, negative is minus errno.
 */
public final class BpfCalls {
    /** SHA-256. */
    public static final int DIGEST = 32;

    private static final MemorySegment SYSCALL = NativeCall.libc("syscall");
    private static final boolean X86 = "amd64".equals(System.getProperty("os.arch"));
    private static final int SYS_BPF = X86 ? 321 : 280;

    private static final int MAP_CREATE = 0;
    private static final int PROG_LOAD = 5;
    private static final int OBJ_GET_INFO_BY_FD = 15;
    private static final int RAW_TRACEPOINT_OPEN = 17;
    private static final int LINK_CREATE = 28;
    private static final int LINK_DETACH = 34;

    private static final int MAP_TYPE_ARRAY = 2;
    private static final int PROG_TYPE_SYSCALL = 31;
    private static final int SLEEPABLE = 1 << 4;
    private static final int LONGEST_NAME = 15;
    private static final int MAP_ATTRIBUTES = 96;
    private static final int PROG_ATTRIBUTES = 168;
    private static final int INFO_ATTRIBUTES = 16;
    /** struct bpf_map_info of 6.18. */
    private static final int MAP_INFO = 104;
    private static final int LINK_ATTRIBUTES = 64;
    private static final int RAW_TRACEPOINT_ATTRIBUTES = 24;

    private BpfCalls() {}

    private static int call(int command, MemorySegment attributes) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = Libc.errnoState(scratch);
            int result = (int) NativeCall.withErrno(SYSCALL, state, SYS_BPF, command, at(attributes), attributes.byteSize(), 0, 0);
            return result < 0 ? -NativeCall.errno(state) : result;
        }
    }

    private static void name(MemorySegment attributes, long offset, String name) {
        String shortened = name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) : name;
        attributes.setString(offset, shortened);
    }

    /**
     * An array of one value that only one program may use: a file descriptor.
     *
     * @param programDigest SHA-256 of that program's instructions
     * @since kernel 6.18
     */
    public static int createExclusiveArray(String name, int valueSize, byte[] programDigest) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment attributes = scratch.allocate(MAP_ATTRIBUTES, 8);
            attributes.set(JAVA_INT, 0, MAP_TYPE_ARRAY);
            attributes.set(JAVA_INT, 4, Integer.BYTES);
            attributes.set(JAVA_INT, 8, valueSize);
            attributes.set(JAVA_INT, 12, 1);
            name(attributes, 28, name);
            attributes.set(JAVA_LONG, 80, at(scratch.allocateFrom(JAVA_BYTE, programDigest)));
            attributes.set(JAVA_INT, 88, programDigest.length);
            return call(MAP_CREATE, attributes);
        }
    }

    /**
     * Has the kernel take the digest of a frozen map's contents, which it keeps: 0.
     *
     * @since kernel 6.18
     */
    public static int digestMap(int map) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment info = scratch.allocate(MAP_INFO, 8);
            info.set(JAVA_LONG, 88, at(scratch.allocate(DIGEST)));
            info.set(JAVA_INT, 96, DIGEST);
            MemorySegment attributes = scratch.allocate(INFO_ATTRIBUTES, 8);
            attributes.set(JAVA_INT, 0, map);
            attributes.set(JAVA_INT, 4, MAP_INFO);
            attributes.set(JAVA_LONG, 8, at(info));
            return call(OBJ_GET_INFO_BY_FD, attributes);
        }
    }

    /**
     * Loads a sleepable program of type SYSCALL whose signature the kernel checks: a file descriptor.
     *
     * @param map the only map that its instructions name, by index
     * @param keyring serial of the keyring by which its signature is to be good
     * @param log where the verifier writes; may have no bytes
     * @since kernel 6.18
     */
    public static int loadSigned(String name, byte[] instructions, byte[] signature, int keyring, int map, MemorySegment log) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment attributes = scratch.allocate(PROG_ATTRIBUTES, 8);
            attributes.set(JAVA_INT, 0, PROG_TYPE_SYSCALL);
            attributes.set(JAVA_INT, 4, instructions.length / Long.BYTES);
            attributes.set(JAVA_LONG, 8, at(scratch.allocateFrom(JAVA_BYTE, instructions)));
            attributes.set(JAVA_LONG, 16, at(scratch.allocateFrom("Dual BSD/GPL")));
            if (log.byteSize() > 0) {
                attributes.set(JAVA_INT, 24, 1);
                attributes.set(JAVA_INT, 28, (int) log.byteSize());
                attributes.set(JAVA_LONG, 32, at(log));
            }
            attributes.set(JAVA_INT, 44, SLEEPABLE);
            name(attributes, 48, name);
            attributes.set(JAVA_LONG, 120, at(scratch.allocateFrom(JAVA_INT, map)));
            attributes.set(JAVA_LONG, 152, at(scratch.allocateFrom(JAVA_BYTE, signature)));
            attributes.set(JAVA_INT, 160, signature.length);
            attributes.set(JAVA_INT, 164, keyring);
            return call(PROG_LOAD, attributes);
        }
    }

    /**
     * Attaches a program: the link's file descriptor.
     *
     * @param target what to: 0 where the program itself says it, else a descriptor
     * @param attachType {@code enum bpf_attach_type}
     * @param first what follows {@code flags}: a perf event's cookie, the address of an iterator's filter, or 0
     * @param second what follows that: the filter's size, or 0
     * @since kernel 5.7
     */
    public static int createLink(int program, int target, int attachType, long first, int second) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment attributes = scratch.allocate(LINK_ATTRIBUTES, 8);
            attributes.set(JAVA_INT, 0, program);
            attributes.set(JAVA_INT, 4, target);
            attributes.set(JAVA_INT, 8, attachType);
            attributes.set(JAVA_LONG, 16, first);
            attributes.set(JAVA_INT, 24, second);
            return call(LINK_CREATE, attributes);
        }
    }

    /**
     * Detaches a link, whoever holds it: 0. Links of tracing and of LSM hooks are not detached so (EOPNOTSUPP).
     *
     * @since kernel 5.9
     */
    public static int detachLink(int link) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment attributes = scratch.allocate(Integer.BYTES, 8);
            attributes.set(JAVA_INT, 0, link);
            return call(LINK_DETACH, attributes);
        }
    }

    /**
     * Attaches a program to a raw tracepoint: the link's file descriptor.
     *
     * @since kernel 4.17
     */
    public static int openRawTracepoint(String name, int program) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment attributes = scratch.allocate(RAW_TRACEPOINT_ATTRIBUTES, 8);
            attributes.set(JAVA_LONG, 0, at(scratch.allocateFrom(name)));
            attributes.set(JAVA_INT, 8, program);
            return call(RAW_TRACEPOINT_OPEN, attributes);
        }
    }
}
