// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The number by which the kernel finds a name that a rule knows; the same as guard_ask_for_name in file_guard_walk.bpf.h. It need
 * not withstand those who look for two names of one number: all they could reach is that a name of their own is protected too.
 */
final class NameHash {
    private static final long SEED = 0x6a09e667f3bcc908L;
    static final long FACTOR = 0x9e3779b97f4a7c15L;

    private NameHash() {}

    /**
     * Of one name.
     *
     * @param name its bytes, as the file system has them; at most 255
     */
    static long of(byte[] name) {
        ByteBuffer words = ByteBuffer.allocate((name.length + 7) / 8 * 8).order(ByteOrder.LITTLE_ENDIAN);
        words.put(name).clear();
        long hash = SEED ^ name.length;
        while (words.hasRemaining()) {
            hash = (hash ^ words.getLong()) * FACTOR;
            hash ^= hash >>> 29;
        }
        return hash;
    }
}
