// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import static garrison.framework.libbpf.NativeCall.at;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code add_key(2)} and {@code keyctl(2)}. Results: zero or more is success, negative is minus errno. */
public final class KeyCalls {
    /** The calling process's own keyring. */
    public static final int PROCESS_KEYRING = -2;
    /** That of the process's user, which outlives the process. */
    public static final int USER_KEYRING = -4;

    private static final MemorySegment SYSCALL = NativeCall.libc("syscall");
    private static final boolean X86 = "amd64".equals(System.getProperty("os.arch"));
    private static final int SYS_ADD_KEY = X86 ? 248 : 217;
    private static final int SYS_KEYCTL = X86 ? 250 : 219;
    private static final int GET_ID = 0;
    private static final int SET_PERMISSIONS = 5;
    private static final int LINK = 8;
    private static final int UNLINK = 9;
    private static final int RESTRICT = 29;

    private KeyCalls() {}

    private static int call(long number, long a, long b, long c, long d, long e) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment state = Libc.errnoState(scratch);
            int result = (int) NativeCall.withErrno(SYSCALL, state, number, a, b, c, d, e);
            return result < 0 ? -NativeCall.errno(state) : result;
        }
    }

    /** {@code add_key("keyring", name, NULL, 0, into)}: the new keyring's serial. */
    public static int addKeyring(String name, int into) {
        try (Arena scratch = Arena.ofConfined()) {
            return call(SYS_ADD_KEY, at(scratch.allocateFrom("keyring")), at(scratch.allocateFrom(name)), 0, 0, into);
        }
    }

    /** {@code add_key("asymmetric", NULL, der, length, into)}: the key's serial. The kernel names it by the certificate. */
    public static int addCertificate(byte[] der, int into) {
        try (Arena scratch = Arena.ofConfined()) {
            return call(SYS_ADD_KEY, at(scratch.allocateFrom("asymmetric")), 0,
                    at(scratch.allocateFrom(ValueLayout.JAVA_BYTE, der)), der.length, into);
        }
    }

    /** {@code keyctl(KEYCTL_GET_KEYRING_ID, special, 0)}: the serial of the keyring that a special number stands for. */
    public static int serial(int special) {
        return call(SYS_KEYCTL, GET_ID, special, 0, 0, 0);
    }

    /** {@code keyctl(KEYCTL_SETPERM, key, mask)}: 0. */
    public static int setPermissions(int key, int mask) {
        return call(SYS_KEYCTL, SET_PERMISSIONS, key, mask, 0, 0);
    }

    /** {@code keyctl(KEYCTL_RESTRICT_KEYRING, keyring, NULL, NULL)}: 0; from then on nothing can be linked into it. */
    public static int restrict(int keyring) {
        return call(SYS_KEYCTL, RESTRICT, keyring, 0, 0, 0);
    }

    /** {@code keyctl(KEYCTL_LINK, key, into)}: 0. */
    public static int link(int key, int into) {
        return call(SYS_KEYCTL, LINK, key, into, 0, 0);
    }

    /** {@code keyctl(KEYCTL_UNLINK, key, from)}: 0. */
    public static int unlink(int key, int from) {
        return call(SYS_KEYCTL, UNLINK, key, from, 0, 0);
    }
}
