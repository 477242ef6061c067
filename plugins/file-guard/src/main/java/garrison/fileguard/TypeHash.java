// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The number by which the kernel finds a type of file systems; the same as guard_type in file_guard_types.bpf.h. */
final class TypeHash {
    private static final int PART = 32;

    private TypeHash() {}

    /** Of a type as {@code /proc/mounts} writes it: what stands behind a full stop is the subtype, which only FUSE has. */
    static long of(String type) {
        int stop = type.indexOf('.');
        byte[] all = new byte[2 * PART];
        put(stop < 0 ? type : type.substring(0, stop), all, 0);
        put(stop < 0 ? "" : type.substring(stop + 1), all, PART);
        return NameHash.of(all);
    }

    /** What does not fit does not count, as in the kernel. */
    private static void put(String name, byte[] all, int at) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(Arrays.copyOf(bytes, PART - 1), 0, all, at, PART - 1);
    }
}
