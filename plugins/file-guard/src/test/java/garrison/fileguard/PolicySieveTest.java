// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PolicySieveTest {
    private final PolicySieve sieve = new PolicySieve();

    @Test
    void hasWhatWasAdded_andLittleElse() {
        LongStream.range(0, 20).map(i -> i * 7919).forEach(sieve::add);
        assertTrue(LongStream.range(0, 20).map(i -> i * 7919).allMatch(sieve::has));
        long others = LongStream.range(1_000_000, 1_010_000).filter(sieve::has).count();
        assertTrue(others < 1_000, others + " of 10,000");
        assertFalse(new PolicySieve().has(0));
    }

    @Test
    void put_writesTwoEntries_thatTogetherHaveOneBitForAnInode() {
        sieve.add(4711);
        ByteBuffer keys = ByteBuffer.allocate(2 * PolicyEntries.KEY_SIZE).order(ByteOrder.nativeOrder());
        ByteBuffer values = ByteBuffer.allocate(2 * PolicyEntries.VALUE_SIZE).order(ByteOrder.nativeOrder());
        sieve.put(99, keys, values);
        for (int half = 0; half < 2; half++) {
            keys.position(half * PolicyEntries.KEY_SIZE);
            assertEquals(PolicyEntries.SIEVE, keys.getInt());
            assertEquals(half, keys.getInt());
            assertEquals(0, keys.getLong());
            assertEquals(99, keys.getInt());
            assertEquals(0, keys.getInt());
        }
        values.flip();
        int bits = 0;
        while (values.hasRemaining()) {
            bits += Long.bitCount(values.getLong());
        }
        assertEquals(1, bits);
    }
}
