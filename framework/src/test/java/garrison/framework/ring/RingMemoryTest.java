// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The ring's memory, sound and damaged: laid out here as the kernel does it, with the data's second mapping as a copy. */
@Timeout(300)
class RingMemoryTest {
    private static final int SIZE = 1 << 12;
    private static final int BUSY = 1 << 31;
    private static final int DISCARDED = 1 << 30;
    /** More in the long form. */
    private static final int MUTATIONS = Boolean.getBoolean("garrison.long") ? 200_000 : 5_000;

    private final MemorySegment consumer = Arena.ofAuto().allocate(8, 8);
    private final MemorySegment producer = Arena.ofAuto().allocate(8, 8);
    private final MemorySegment data = Arena.ofAuto().allocate(2L * SIZE, 8);
    private long end;

    private RingMemory ring() {
        return new RingMemory("fuzzed", consumer, producer, data, SIZE, false);
    }

    /** As the kernel: header, contents, room for 8-byte steps. */
    private void put(int length, int flags) {
        word((int) (end & (SIZE - 1)), length | flags);
        end += (length + 8 + 7L) & ~7L;
        producer.set(ValueLayout.JAVA_LONG, 0, end);
    }

    private void word(int offset, int value) {
        data.set(ValueLayout.JAVA_INT, offset, value);
        data.set(ValueLayout.JAVA_INT, offset + SIZE, value);
    }

    private List<Integer> lengths(RingMemory ring) {
        List<Integer> lengths = new ArrayList<>();
        int count = ring.drain(record -> lengths.add(record.length()));
        assertEquals(lengths.size(), count);
        return lengths;
    }

    @Test
    void recordsOfAllKinds_areToldInOrder_upToTheFirstReserved() {
        RingMemory ring = ring();
        for (int length : new int[] {64, 64, 64, 1, 256, 256}) {
            put(length, 0);
        }
        put(64, DISCARDED);
        put(64, DISCARDED);
        put(9, 0);
        int reserved = (int) end;
        put(16, BUSY);
        put(16, 0);
        assertEquals(List.of(64, 64, 64, 1, 256, 256, 9), lengths(ring));
        assertEquals(reserved, consumer.get(ValueLayout.JAVA_LONG, 0));
        assertEquals(List.of(), lengths(ring));
        word(reserved, 16);
        assertEquals(List.of(16, 16), lengths(ring));
        assertEquals(end, consumer.get(ValueLayout.JAVA_LONG, 0));
    }

    @Test
    void manyRounds_ofEveryLength_loseNothing() {
        RingMemory ring = ring();
        Random random = new Random(7);
        for (int round = 0; round < 5_000; round++) {
            List<Integer> put = new ArrayList<>();
            int length = 1 + random.nextInt(300);
            for (long room = SIZE; (room -= (length + 8 + 7L) & ~7L) >= 0;) {
                boolean discarded = random.nextInt(5) == 0;
                put(length, discarded ? DISCARDED : 0);
                if (!discarded) {
                    put.add(length);
                }
                length = random.nextInt(3) == 0 ? 1 + random.nextInt(300) : length;
            }
            assertEquals(put, lengths(ring));
        }
    }

    @Test
    void recordBeyondTheProducer_isATypedError_andWhatWasBeforeIsTaken() {
        RingMemory ring = ring();
        put(64, 0);
        put(64, 0);
        int third = (int) end;
        put(64, 0);
        word(third, 4000);
        List<Integer> lengths = new ArrayList<>();
        RingCorruptException e = assertThrows(RingCorruptException.class, () -> ring.drain(record -> lengths.add(record.length())));
        assertTrue(e.getMessage().contains("record of 4000 bytes at " + third), e.getMessage());
        assertEquals(List.of(64, 64), lengths);
        assertEquals(third, consumer.get(ValueLayout.JAVA_LONG, 0));
    }

    /** Headers, contents and positions: each drain ends, with records inside the ring or a typed error. */
    @Test
    void mutations_endInRecordsOrATypedError() {
        int corrupt = 0;
        for (int seed = 0; seed < MUTATIONS; seed++) {
            Random random = new Random(seed);
            end = (long) random.nextInt(1 << 20) << 3;
            consumer.set(ValueLayout.JAVA_LONG, 0, end);
            long begin = end;
            while (end - begin < SIZE - 300) {
                put(random.nextInt(280), random.nextInt(8) == 0 ? DISCARDED : 0);
            }
            RingMemory ring = ring();
            try {
                for (int i = random.nextInt(6); i >= 0; i--) {
                    damage(random, ring);
                }
                for (int round = 0; round < 4; round++) {
                    ring.drain(record -> assertTrue(record.length() >= 0 && record.length() <= SIZE, () -> "length " + record.length()));
                }
            } catch (RingCorruptException e) {
                corrupt++;
            }
            assertTrue(read(ring) <= SIZE, "seed " + seed);
        }
        assertTrue(corrupt > MUTATIONS / 20 && corrupt < MUTATIONS, corrupt + " of " + MUTATIONS + " were found corrupt");
    }

    private void damage(Random random, RingMemory ring) {
        int offset = random.nextInt(SIZE / 8) * 8;
        switch (random.nextInt(5)) {
            case 0 -> word(offset, random.nextInt());
            case 1 -> word(offset, data.get(ValueLayout.JAVA_INT, offset) ^ 1 << random.nextInt(32));
            case 2 -> producer.set(ValueLayout.JAVA_LONG, 0, end + random.nextInt(2 * SIZE) - SIZE);
            case 3 -> producer.set(ValueLayout.JAVA_LONG, 0, random.nextLong());
            default -> ring.drain(record -> word(offset, random.nextInt()));
        }
    }

    /** Every byte of every record, as a handler would: all of it is memory of the ring. */
    private static long read(RingMemory ring) {
        long[] most = {0};
        try {
            ring.drain(record -> {
                for (int i = 0; i < record.length(); i++) {
                    most[0] = Math.max(most[0], record.length() + (record.byteAt(i) & 0));
                }
            });
        } catch (RingCorruptException e) {
            return most[0];
        }
        return most[0];
    }
}
