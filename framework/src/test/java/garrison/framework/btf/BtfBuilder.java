// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes BTF by hand, also such as no compiler would. Types are numbered from 1 in the order of the calls. */
public final class BtfBuilder {
    private final ByteArrayOutputStream types = new ByteArrayOutputStream();
    private final ByteArrayOutputStream strings = new ByteArrayOutputStream();
    private int count;

    public BtfBuilder() {
        strings.write(0);
    }

    /** Adds a type with the words that follow its head; returns its id. */
    public int add(String name, int kind, int vlen, int sizeOrType, int... words) {
        return addNamed(string(name), kind, vlen, sizeOrType, words);
    }

    /** The same with a string that is there already. */
    public int addNamed(int name, int kind, int vlen, int sizeOrType, int... words) {
        ByteBuffer type = ByteBuffer.allocate(12 + 4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        type.putInt(name).putInt(kind << 24 | vlen).putInt(sizeOrType);
        for (int word : words) {
            type.putInt(word);
        }
        types.writeBytes(type.array());
        return ++count;
    }

    /** Types so far. */
    public int count() {
        return count;
    }

    /** Adds a string; returns its offset. */
    public int string(String text) {
        if (text.isEmpty()) {
            return 0;
        }
        int offset = strings.size();
        strings.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        strings.write(0);
        return offset;
    }

    /** {@code int}. */
    public int integer() {
        return add("int", 1, 0, 4, 1 << 24 | 32);
    }

    /** A function without parameters. */
    public int function(String name) {
        int prototype = add("", 13, 0, 0);
        return add(name, 12, 0, prototype);
    }

    /** A function with parameters, by the ids of their types; 0 for a return type is {@code void}. */
    public int function(String name, int returns, int... parameters) {
        int[] words = new int[2 * parameters.length];
        for (int i = 0; i < parameters.length; i++) {
            words[2 * i + 1] = parameters[i];
        }
        return add(name, 12, 0, add("", 13, parameters.length, returns, words));
    }

    /** A pointer to a struct of which no more than the name is known. */
    public int pointerTo(String struct) {
        return add("", 2, 0, add(struct, 7, 0, 0));
    }

    /** The blob. */
    public byte[] build() {
        ByteBuffer all = ByteBuffer.allocate(24 + types.size() + strings.size()).order(ByteOrder.LITTLE_ENDIAN);
        all.putShort((short) 0xeb9f).put((byte) 1).put((byte) 0).putInt(24);
        all.putInt(0).putInt(types.size()).putInt(types.size()).putInt(strings.size());
        return all.put(types.toByteArray()).put(strings.toByteArray()).array();
    }

    /** The blob, read. */
    public Btf parse() {
        return Btf.parse("built", build());
    }
}
