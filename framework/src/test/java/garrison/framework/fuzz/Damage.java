// SPDX-License-Identifier: Apache-2.0
package garrison.framework.fuzz;

import garrison.framework.elf.ElfFile;
import garrison.framework.elf.ElfFile.Section;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A good object and where its structure lies: header, section table, symbols, relocations, BTF. Damage hits these fields far
 * more often than chance would, with the numbers that break readers. What is done is read from bytes, so that a fuzzer that
 * changes those bytes steers the damage.
 */
final class Damage {
    /** Bytes of one edit: what kind of place, which (2), how, with which number (4). */
    static final int EDIT = 8;

    private static final int[] HEADER_WIDTHS = {4, 1, 1, 1, 1, 8, 2, 2, 4, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2};
    private static final int[] SECTION_WIDTHS = {4, 4, 8, 8, 8, 8, 4, 4, 8, 8};
    private static final int[] SYMBOL_WIDTHS = {4, 1, 1, 2, 8, 8};
    private static final int[] RELOCATION_WIDTHS = {8, 4, 4};
    private static final int[] WORD = {4};
    private static final int SHT_SYMTAB = 2;
    private static final long[] TELLING = {0, 1, 2, 3, 4, 7, 8, 9, 16, 24, 64, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000,
        0xfff1, 0xfff2, 0x7fffffffL, 0x80000000L, 0xffffffffL, 0xfffffff8L, 1L << 32, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE, -1, -2,
        -8, -16, -64};

    private record Field(int at, int width) {}

    private final byte[] good;
    private final List<List<Field>> places = new ArrayList<>();

    Damage(byte[] good) {
        this.good = good;
        ByteBuffer file = ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN);
        int table = (int) file.getLong(40);
        int sections = file.getShort(60);
        places.add(fields(0, 64, HEADER_WIDTHS));
        places.add(fields(table, 64 * sections, SECTION_WIDTHS));
        List<Field> symbols = new ArrayList<>();
        List<Field> relocations = new ArrayList<>();
        List<Field> types = new ArrayList<>();
        List<Field> extension = new ArrayList<>();
        List<Field> code = new ArrayList<>();
        for (Section section : ElfFile.parse("good", good).sections()) {
            int at = (int) file.getLong(table + 64 * section.index() + 24);
            int size = section.bytes().size();
            if (section.type() == SHT_SYMTAB) {
                symbols.addAll(fields(at, size, SYMBOL_WIDTHS));
            } else if (section.type() == ElfFile.SHT_REL) {
                relocations.addAll(fields(at, size, RELOCATION_WIDTHS));
            } else if (section.name().equals(".BTF")) {
                // Type records are words behind a header of words; the strings behind them are hit with them.
                types.addAll(fields(at, size & ~3, WORD));
            } else if (section.name().equals(".BTF.ext")) {
                extension.addAll(fields(at, size & ~3, WORD));
            } else if (section.executable()) {
                code.addAll(fields(at, size, WORD));
            }
        }
        for (List<Field> kind : List.of(symbols, relocations, types, extension, code)) {
            if (!kind.isEmpty()) {
                places.add(kind);
            }
        }
    }

    private static List<Field> fields(int from, int size, int[] widths) {
        List<Field> fields = new ArrayList<>();
        int length = Arrays.stream(widths).sum();
        for (int at = from; at + length <= from + size; ) {
            for (int width : widths) {
                fields.add(new Field(at, width));
                at += width;
            }
        }
        return fields;
    }

    /** The object with as many edits as the bytes hold. */
    byte[] apply(ByteBuffer edits) {
        byte[] copy = good.clone();
        ByteBuffer bytes = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
        int end = copy.length;
        while (edits.remaining() >= EDIT) {
            int kind = (edits.get() & 0xff) % (places.size() + 3);
            int which = edits.getShort() & 0xffff;
            int how = (edits.get() & 0xff) % 6;
            int number = edits.getInt();
            if (kind < places.size()) {
                Field field = places.get(kind).get(which % places.get(kind).size());
                write(bytes, field, changed(read(bytes, field), how, number));
            } else if (kind == places.size()) {
                copy[Math.floorMod(number, copy.length)] ^= (byte) which;
            } else if (kind == places.size() + 1) {
                int length = Math.min(which % 64, copy.length / 2);
                System.arraycopy(copy, Math.floorMod(number, copy.length - length), copy,
                        Math.floorMod(number * 31 + which, copy.length - length), length);
            } else if (how == 0) {
                end = Math.floorMod(number, copy.length);
            }
        }
        return end == copy.length ? copy : Arrays.copyOf(copy, end);
    }

    private long changed(long old, int how, int number) {
        return switch (how) {
            case 0 -> number & 0xffff;
            case 1 -> old + (short) number;
            case 2 -> TELLING[Math.floorMod(number, TELLING.length)];
            case 3 -> old ^ 1L << (number & 63);
            case 4 -> good.length + (byte) number;
            default -> number;
        };
    }

    private static long read(ByteBuffer bytes, Field field) {
        return switch (field.width) {
            case 1 -> bytes.get(field.at);
            case 2 -> bytes.getShort(field.at);
            case 4 -> bytes.getInt(field.at);
            default -> bytes.getLong(field.at);
        };
    }

    private static void write(ByteBuffer bytes, Field field, long value) {
        switch (field.width) {
            case 1 -> bytes.put(field.at, (byte) value);
            case 2 -> bytes.putShort(field.at, (short) value);
            case 4 -> bytes.putInt(field.at, (int) value);
            default -> bytes.putLong(field.at, value);
        }
    }
}
