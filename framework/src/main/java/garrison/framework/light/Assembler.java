// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import garrison.spi.ObjectFormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** BPF instructions, one behind the other, with jumps forward. Registers are 0 to 10. */
final class Assembler {
    private static final int INSTRUCTION = 8;
    private static final int PSEUDO_MAP_IDX = 5;
    private static final int PSEUDO_MAP_IDX_VALUE = 6;

    private final String object;
    private ByteBuffer code = ByteBuffer.allocate(1 << 12).order(ByteOrder.LITTLE_ENDIAN);

    /** For errors: whose loader program it is. */
    Assembler(String object) {
        this.object = object;
    }

    /** A place further on, to which several jumps may lead. */
    static final class Label {
        private final List<Integer> jumps = new ArrayList<>();
    }

    byte[] code() {
        return Arrays.copyOf(code.array(), code.position());
    }

    private void emit(int operation, int to, int from, int offset, int number) {
        if (code.remaining() < INSTRUCTION) {
            code = ByteBuffer.allocate(2 * code.capacity()).order(ByteOrder.LITTLE_ENDIAN).put(code.flip());
        }
        code.put((byte) operation).put((byte) (from << 4 | to)).putShort((short) offset).putInt(number);
    }

    /** {@code to = number}. */
    void set(int to, int number) {
        emit(0xb7, to, 0, 0, number);
    }

    /** {@code to = from}. */
    void copy(int to, int from) {
        emit(0xbf, to, from, 0, 0);
    }

    /** {@code to = number}, of 64 bits. */
    void setLong(int to, long number) {
        emit(0x18, to, 0, 0, (int) number);
        emit(0, 0, 0, 0, (int) (number >>> 32));
    }

    /** {@code to = &data[offset]}: the only value of the first map. */
    void data(int to, int offset) {
        emit(0x18, to, PSEUDO_MAP_IDX_VALUE, 0, 0);
        emit(0, 0, 0, 0, offset);
    }

    /** {@code to =} the first map's {@code struct bpf_map *}. */
    void map(int to) {
        emit(0x18, to, PSEUDO_MAP_IDX, 0, 0);
        emit(0, 0, 0, 0, 0);
    }

    /** {@code to = *(u32 *)(from + offset)}. */
    void load(int to, int from, int offset) {
        emit(0x61, to, from, offset, 0);
    }

    /** {@code to = *(u64 *)(from + offset)}. */
    void loadLong(int to, int from, int offset) {
        emit(0x79, to, from, offset, 0);
    }

    /** {@code *(u32 *)(to + offset) = from}. */
    void store(int to, int offset, int from) {
        emit(0x63, to, from, offset, 0);
    }

    /** {@code *(u64 *)(to + offset) = from}. */
    void storeLong(int to, int offset, int from) {
        emit(0x7b, to, from, offset, 0);
    }

    /** {@code *(u8 *)(to + offset) = from}. */
    void storeByte(int to, int offset, int from) {
        emit(0x73, to, from, offset, 0);
    }

    /** Calls a helper by its number: r0 = helper(r1, …, r5). */
    void call(int helper) {
        emit(0x85, 0, 0, 0, helper);
    }

    void exit() {
        emit(0x95, 0, 0, 0, 0);
    }

    /** {@code register >>= bits}. */
    void shiftRight(int register, int bits) {
        emit(0x77, register, 0, 0, bits);
    }

    void jump(Label label) {
        jump(0x05, 0, 0, 0, label);
    }

    /** {@code if (register == number)}. */
    void jumpIfEqual(int register, int number, Label label) {
        jump(0x15, register, 0, number, label);
    }

    /** {@code if (register != number)}. */
    void jumpIfNot(int register, int number, Label label) {
        jump(0x55, register, 0, number, label);
    }

    /** {@code if (a != b)}. */
    void jumpIfDiffer(int a, int b, Label label) {
        jump(0x5d, a, b, 0, label);
    }

    /** {@code if (register < 0)}, signed. */
    void jumpIfNegative(int register, Label label) {
        jump(0xc5, register, 0, 0, label);
    }

    private void jump(int operation, int to, int from, int number, Label label) {
        label.jumps.add(code.position());
        emit(operation, to, from, 0, number);
    }

    /** Puts a label here. */
    void here(Label label) {
        for (int jump : label.jumps) {
            int distance = (code.position() - jump) / INSTRUCTION - 1;
            if (distance > Short.MAX_VALUE) {
                throw new ObjectFormatException(object, "too many programs for one light skeleton: its loader program would jump over "
                        + distance + " instructions, and " + Short.MAX_VALUE + " is the most; sign the object without one");
            }
            code.putShort(jump + 2, (short) distance);
        }
        label.jumps.clear();
    }
}
