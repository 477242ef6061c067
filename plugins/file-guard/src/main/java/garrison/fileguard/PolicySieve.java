// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.nio.ByteBuffer;

/**
 * Which inodes of a file system a policy knows, perhaps: one of 256 bits for each, which others may share. The programs ask it before
 * the map; the same as guard_sieve_bit in file_guard_places.bpf.h.
 */
final class PolicySieve {
    /** Entries in the kernel's map, struct file_guard_sieve. */
    static final int HALVES = 2;

    private static final int WORDS_OF_HALF = PolicyEntries.VALUE_SIZE / Long.BYTES;

    private final long[] words = new long[HALVES * WORDS_OF_HALF];

    void add(long inode) {
        int bit = bit(inode);
        words[bit >> 6] |= 1L << bit;
    }

    /** Whether the inode may be known. */
    boolean has(long inode) {
        int bit = bit(inode);
        return (words[bit >> 6] & 1L << bit) != 0;
    }

    private static int bit(long inode) {
        return (int) (inode * NameHash.FACTOR >>> 56);
    }

    /** Writes its entries. */
    void put(int device, ByteBuffer keys, ByteBuffer values) {
        for (int half = 0; half < HALVES; half++) {
            keys.putInt(PolicyEntries.SIEVE).putInt(half).putLong(0).putInt(device).putInt(0);
            for (int word = 0; word < WORDS_OF_HALF; word++) {
                values.putLong(words[half * WORDS_OF_HALF + word]);
            }
        }
    }
}
