// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import garrison.framework.elf.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An object's types as the kernel takes them with a program. It wants no sections without their sizes, which a compiler cannot know,
 * and no functions of others. No program refers to either by its type: each is made something harmless of the same size, so that
 * all other types keep their numbers.
 */
final class ProgramTypes {
    private static final int TYPE_SIZE = 12;
    private static final int INT = 1;
    private static final int STRUCT = 4;
    private static final int TYPEDEF = 8;
    private static final int FUNC = 12;
    private static final int VAR = 14;
    private static final int DATASEC = 15;
    private static final int EXTERN = 2;
    private static final int BITS_OF_A_BYTE = 8;
    private static final int LARGEST_INT = 16;

    private ProgramTypes() {}

    /**
     * Converts them.
     *
     * @param btf the section, checked before
     */
    static byte[] of(Bytes btf) {
        ByteBuffer out = ByteBuffer.wrap(btf.toArray()).order(ByteOrder.LITTLE_ENDIAN);
        int start = out.getInt(4) + out.getInt(8);
        int end = start + out.getInt(12);
        int integer = firstInteger(out, start, end);
        for (int at = start; at < end; at = next(out, at)) {
            int info = out.getInt(at + 4);
            switch (kind(out, at)) {
                case VAR -> {
                    out.putInt(at + 4, INT << 24).putInt(at + 8, 1).putInt(at + TYPE_SIZE, BITS_OF_A_BYTE);
                }
                case DATASEC -> {
                    int entries = info & 0xffff;
                    out.putInt(at, 0).putInt(at + 4, STRUCT << 24 | entries).putInt(at + 8, LARGEST_INT);
                    for (int i = 0; i < entries; i++) {
                        int entry = at + TYPE_SIZE + 12 * i;
                        out.putInt(entry, 0).putInt(entry + 4, integer).putInt(entry + 8, 0);
                    }
                }
                case FUNC -> {
                    if ((info & 0xffff) == EXTERN) {
                        out.putInt(at + 4, TYPEDEF << 24).putInt(at + 8, 0);
                    }
                }
                default -> { }
            }
        }
        return out.array();
    }

    private static int kind(ByteBuffer types, int at) {
        return types.getInt(at + 4) >>> 24 & 0x7f;
    }

    /** Any integer, or what will be one. */
    private static int firstInteger(ByteBuffer types, int start, int end) {
        int id = 1;
        for (int at = start; at < end; at = next(types, at), id++) {
            if (kind(types, at) == INT || kind(types, at) == VAR) {
                return id;
            }
        }
        return 0;
    }

    private static int next(ByteBuffer types, int at) {
        int entries = types.getInt(at + 4) & 0xffff;
        return at + TYPE_SIZE + switch (kind(types, at)) {
            case INT, VAR, 17 -> 4;
            case 3 -> 12;
            case STRUCT, 5, DATASEC, 19 -> 12 * entries;
            case 6, 13 -> 8 * entries;
            default -> 0;
        };
    }
}
