// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

import garrison.framework.btf.BtfField.Kind;
import java.util.ArrayList;
import java.util.List;

/** Flattens one struct into its leaves. */
final class StructReader {
    /** The largest kernel structs have some thousands; a damaged blob could nest to more than memory holds. */
    private static final int MAX_FIELDS = 1 << 15;

    private static final int MAX_NESTING = 32;
    private static final int MAX_NAME = 1024;
    private static final int SIGNED = 1;

    private final TypeTable types;
    private final int struct;
    private final List<BtfField> fields = new ArrayList<>();
    /** Members looked at, empty structs included: bounds the work, not only the result. */
    private int visited;

    private StructReader(TypeTable types, int struct) {
        this.types = types;
        this.struct = struct;
    }

    static BtfStruct read(TypeTable types, int struct) {
        StructReader reader = new StructReader(types, struct);
        reader.members(struct, "", 0, 0);
        int size = types.sizeOf(struct);
        for (BtfField field : reader.fields) {
            if (field.offset() < 0 || (long) field.offset() + field.size() > size) {
                throw types.malformed(struct, "field " + field.name() + " lies outside the struct's " + size + " bytes");
            }
        }
        return new BtfStruct(types.name(struct), size, reader.fields);
    }

    private void members(int owner, String prefix, long base, int nesting) {
        if (nesting > MAX_NESTING) {
            throw types.malformed(struct, "structs nested deeper than " + MAX_NESTING);
        }
        boolean bitfields = types.kindFlag(owner);
        int count = types.vlen(owner);
        for (int i = 0; i < count; i++) {
            if (++visited > MAX_FIELDS) {
                throw types.malformed(struct, "more than " + MAX_FIELDS + " fields");
            }
            String name = types.string(types.word(owner, 3 * i));
            if (prefix.length() + name.length() > MAX_NAME) {
                throw types.malformed(struct, "a field's dotted name has more than " + MAX_NAME + " characters");
            }
            int type = types.word(owner, 3 * i + 1);
            int place = types.word(owner, 3 * i + 2);
            long bits = bitfields ? place & 0xffffff : Integer.toUnsignedLong(place);
            int width = bitfields ? place >>> 24 : 0;
            long offset = base + bits / 8;
            if (offset > Integer.MAX_VALUE) {
                throw types.malformed(struct, "field " + name + " lies beyond 2 GiB");
            }
            if (width != 0 || bits % 8 != 0) {
                int bytes = (int) (bits % 8 + width + 7) / 8;
                fields.add(new BtfField(prefix + name, (int) offset, bytes, Kind.BITFIELD, false, 1, bytes, types.render(type)));
            } else {
                member(prefix + name, name.isEmpty() ? prefix : prefix + name + ".", type, (int) offset, nesting);
            }
        }
    }

    private void member(String name, String inner, int type, int at, int nesting) {
        int resolved = types.resolve(type);
        switch (types.kind(resolved)) {
            case TypeTable.STRUCT, TypeTable.UNION -> members(resolved, inner, at, nesting + 1);
            case TypeTable.INT -> integer(name, at, type, resolved);
            case TypeTable.ENUM, TypeTable.ENUM64 -> scalar(name, at, type, Kind.INTEGER, types.kindFlag(resolved));
            case TypeTable.PTR -> scalar(name, at, type, Kind.POINTER, false);
            case TypeTable.FLOAT -> scalar(name, at, type, Kind.FLOAT, true);
            case TypeTable.ARRAY -> array(name, at, type, resolved);
            default -> throw types.malformed(struct, "field " + name + " is of a type that no field can have");
        }
    }

    private void integer(String name, int at, int type, int resolved) {
        int encoding = types.word(resolved, 0);
        boolean whole = (encoding >>> 16 & 0xff) == 0 && (encoding & 0xff) == 8 * types.sizeOf(resolved);
        // A C bool is stored in a byte of which one bit counts; some compilers say 1 bit, others 8.
        boolean bool = (encoding >>> 24 & 4) != 0;
        scalar(name, at, type, whole || bool ? Kind.INTEGER : Kind.BITFIELD, (encoding >>> 24 & SIGNED) != 0);
    }

    private void scalar(String name, int at, int type, Kind kind, boolean signed) {
        int size = types.sizeOf(type);
        fields.add(new BtfField(name, at, size, kind, signed, 1, size, types.render(type)));
    }

    private void array(String name, int at, int type, int resolved) {
        long length = 1;
        int element = resolved;
        for (int depth = 0; types.kind(element) == TypeTable.ARRAY; depth++) {
            if (depth == TypeTable.MAX_DEPTH) {
                throw types.malformed(struct, "field " + name + ": arrays without end");
            }
            length *= Integer.toUnsignedLong(types.word(element, 2));
            if (length > Integer.MAX_VALUE) {
                throw types.malformed(struct, "field " + name + " has more than 2^31 elements");
            }
            element = types.resolve(types.word(element, 0));
        }
        int kind = types.kind(element);
        boolean integers = kind == TypeTable.INT || kind == TypeTable.ENUM || kind == TypeTable.ENUM64;
        boolean signed = kind == TypeTable.INT ? (types.word(element, 0) >>> 24 & SIGNED) != 0
                : integers && types.kindFlag(element);
        fields.add(new BtfField(name, at, types.sizeOf(type), integers ? Kind.ARRAY : Kind.OPAQUE_ARRAY, signed, (int) length,
                types.sizeOf(element), types.render(type)));
    }
}
