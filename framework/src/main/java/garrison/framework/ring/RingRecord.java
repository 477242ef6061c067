// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.spi.RecordView;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The one view of a ring, moved from record to record. Every access is checked against the record's length, and that it is
 * the reader's thread which asks: so a view that a handler kept, or gave away, never reaches memory that is gone. That is
 * what a confined memory segment would check as well, and more besides: this is the way of every event.
 */
final class RingRecord implements RecordView {
    /** All memory: a constant without bounds or life time, checked by {@link #start} instead. */
    static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Thread reader;
    private long base;
    private int length;

    /** The calling thread, and no other, may look at the records that follow. */
    void begin() {
        reader = Thread.currentThread();
    }

    /** Which record it is at; another thread may see an older answer. */
    long place() {
        return base;
    }

    /** No record any more. */
    void end() {
        base = 0;
        length = 0;
    }

    /**
     * Moves to a record.
     *
     * @param address its first byte's, mapped until {@link #end}
     * @param recordLength bytes
     */
    void at(long address, int recordLength) {
        base = address;
        length = recordLength;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public long get(Field field) {
        StructField f = (StructField) field;
        long at = start(f.offset(), f.size());
        return switch (f.size()) {
            case 1 -> {
                byte value = MEMORY.get(ValueLayout.JAVA_BYTE, at);
                yield f.signed() ? value : value & 0xffL;
            }
            case 2 -> {
                short value = MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, at);
                yield f.signed() ? value : value & 0xffffL;
            }
            case 4 -> {
                int value = MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, at);
                yield f.signed() ? value : value & 0xffff_ffffL;
            }
            case 8 -> MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
            default -> throw new IllegalArgumentException(f + " is not an integer");
        };
    }

    @Override
    public int copy(Field field, byte[] target) {
        StructField f = (StructField) field;
        int size = f.flexible() ? Math.max(0, length - f.offset()) : f.size();
        int count = Math.min(size, target.length);
        MemorySegment.copy(MEMORY, ValueLayout.JAVA_BYTE, start(f.offset(), count), target, 0, count);
        return count;
    }

    byte byteAt(int offset) {
        return MEMORY.get(ValueLayout.JAVA_BYTE, start(offset, Byte.BYTES));
    }

    short shortAt(int offset) {
        return MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, start(offset, Short.BYTES));
    }

    int intAt(int offset) {
        return MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, start(offset, Integer.BYTES));
    }

    /** For the dispatch, which knows that so many bytes are there. */
    int uncheckedInt(int offset) {
        return MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, base + offset);
    }

    long longAt(int offset) {
        return MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, start(offset, Long.BYTES));
    }

    byte[] bytes(StructField field) {
        byte[] copy = new byte[field.flexible() ? Math.max(0, length - field.offset()) : field.size()];
        copy(field, copy);
        return copy;
    }

    /** Up to the first NUL, or the whole array when there is none. */
    String string(StructField field) {
        byte[] copy = bytes(field);
        int end = 0;
        while (end < copy.length && copy[end] != 0) {
            end++;
        }
        return new String(copy, 0, end, StandardCharsets.UTF_8);
    }

    /** For a person, when something about the record is wrong. */
    String head() {
        byte[] copy = new byte[Math.min(length, 32)];
        MemorySegment.copy(MEMORY, ValueLayout.JAVA_BYTE, start(0, copy.length), copy, 0, copy.length);
        return length + " bytes beginning " + Arrays.toString(copy);
    }

    private long start(int offset, int size) {
        if (Thread.currentThread() != reader) {
            throw new WrongThreadException("a record may be looked at by its handler only, and in the thread that called it");
        }
        if (offset < 0 || size > length - offset) {
            throw new IndexOutOfBoundsException(size + " bytes at " + offset + " of a record of " + length);
        }
        return base + offset;
    }
}
