// SPDX-License-Identifier: Apache-2.0
package garrison.framework.elf;

import garrison.spi.ObjectFormatException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * A window on little-endian bytes that come from outside. Every read is checked against the window; what does not fit is an
 * {@link ObjectFormatException} that names the object, the part and the offset. Copies nothing.
 */
public final class Bytes {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Longer names exist in no compiler's output; a damaged file could name each of its types with all of its bytes. */
    private static final int MAX_STRING = 1024;

    private final String object;
    private final String part;
    private final byte[] array;
    private final int start;
    private final int size;

    private Bytes(String object, String part, byte[] array, int start, int size) {
        this.object = object;
        this.part = part;
        this.array = array;
        this.start = start;
        this.size = size;
    }

    /**
     * A window on a whole array, which must not change any more.
     *
     * @param object the file's name, for errors
     */
    public static Bytes of(String object, byte[] array) {
        return new Bytes(object, "file", Objects.requireNonNull(array, "array"), 0, array.length);
    }

    /** The number of bytes. */
    public int size() {
        return size;
    }

    /** The name of the file it belongs to. */
    public String object() {
        return object;
    }

    /**
     * A window on a part of this one.
     *
     * @param name how errors call it
     * @throws ObjectFormatException if it reaches beyond this window
     */
    public Bytes slice(String name, long offset, long length) {
        check(offset, length, name);
        return new Bytes(object, name, array, start + (int) offset, (int) length);
    }

    /** An unsigned byte. */
    public int u8(long offset) {
        return array[at(offset, 1)] & 0xff;
    }

    /** An unsigned 16-bit number. */
    public int u16(long offset) {
        return (short) SHORT.get(array, at(offset, 2)) & 0xffff;
    }

    /** A 32-bit number. */
    public int i32(long offset) {
        return (int) INT.get(array, at(offset, 4));
    }

    /** An unsigned 32-bit number. */
    public long u32(long offset) {
        return i32(offset) & 0xffffffffL;
    }

    /** A 64-bit number. */
    public long i64(long offset) {
        return (long) LONG.get(array, at(offset, 8));
    }

    /**
     * The NUL-terminated UTF-8 string at an offset.
     *
     * @throws ObjectFormatException if it has no end or more than 1,024 bytes
     */
    public String string(long offset) {
        int from = at(offset, 1);
        int limit = Math.min(start + size, from + MAX_STRING + 1);
        int end = from;
        while (end < limit && array[end] != 0) {
            end++;
        }
        if (end == limit) {
            throw malformed("a name at offset " + offset + " has no end within " + MAX_STRING + " bytes");
        }
        return new String(array, from, end - from, StandardCharsets.UTF_8);
    }

    /** Whether the NUL-terminated string at an offset is just these bytes. Makes no string. */
    public boolean stringEquals(long offset, byte[] expected) {
        return stringStartsWith(offset, expected) && array[start + (int) offset + expected.length] == 0;
    }

    /** Whether the NUL-terminated string at an offset begins with these bytes. Makes no string. */
    public boolean stringStartsWith(long offset, byte[] prefix) {
        int from = at(offset, 1);
        return prefix.length < start + size - from
                && Arrays.equals(array, from, from + prefix.length, prefix, 0, prefix.length);
    }

    /** Whether the NUL-terminated strings at two offsets are equal. Makes no string. */
    public boolean sameString(long offset, long other) {
        int a = at(offset, 1);
        int b = at(other, 1);
        int end = start + size;
        while (a != b && Math.max(a, b) < end && array[a] == array[b]) {
            if (array[a] == 0) {
                return true;
            }
            a++;
            b++;
        }
        return a == b;
    }

    /** A hash of the NUL-terminated string at an offset, the same as {@link #hash} of its bytes. */
    public int stringHash(long offset) {
        int from = at(offset, 1);
        int end = start + size;
        int hash = 0;
        for (int i = from; i < end && array[i] != 0; i++) {
            hash = 31 * hash + array[i];
        }
        return hash;
    }

    /** The hash of a string's bytes. */
    public static int hash(byte[] string) {
        int hash = 0;
        for (byte b : string) {
            hash = 31 * hash + b;
        }
        return hash;
    }

    /** A copy of the whole window. */
    public byte[] toArray() {
        byte[] copy = new byte[size];
        System.arraycopy(array, start, copy, 0, size);
        return copy;
    }

    /** An exception that names the file and this part of it. */
    public ObjectFormatException malformed(String problem) {
        return new ObjectFormatException(object, part + ": " + problem);
    }

    private int at(long offset, int length) {
        if (offset < 0 || offset > (long) size - length) {
            throw malformed("truncated or damaged: " + length + " bytes at offset " + offset + " lie outside its "
                    + size + " bytes");
        }
        return start + (int) offset;
    }

    private void check(long offset, long length, String name) {
        if (offset < 0 || length < 0 || offset > size || length > size - offset) {
            throw malformed("truncated or damaged: " + name + " (" + Long.toUnsignedString(length) + " bytes at offset "
                    + Long.toUnsignedString(offset) + ") lies outside its " + size + " bytes");
        }
    }
}
