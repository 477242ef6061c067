// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

import garrison.framework.elf.Bytes;
import garrison.spi.ObjectFormatException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The types of one BTF blob by id. A kernel has some 150,000 of them, so there is no object a type: an offset each, and an
 * index of names that is built when the first name is asked for.
 */
final class TypeTable {
    static final int INT = 1;
    static final int PTR = 2;
    static final int ARRAY = 3;
    static final int STRUCT = 4;
    static final int UNION = 5;
    static final int ENUM = 6;
    static final int FWD = 7;
    static final int TYPEDEF = 8;
    static final int VOLATILE = 9;
    static final int CONST = 10;
    static final int RESTRICT = 11;
    static final int FUNC = 12;
    static final int FUNC_PROTO = 13;
    static final int VAR = 14;
    static final int DATASEC = 15;
    static final int FLOAT = 16;
    static final int DECL_TAG = 17;
    static final int TYPE_TAG = 18;
    static final int ENUM64 = 19;

    /** Modifiers in a row, and nesting of arrays and pointers: real code stays far below; a cycle does not end below it. */
    static final int MAX_DEPTH = 64;

    private static final int MAGIC = 0xeb9f;
    private static final int HEADER_SIZE = 24;
    private static final int TYPE_SIZE = 12;
    private static final int MAX_TYPES = 1 << 22;
    /** Entries of one enum, section or parameter list that are worth reading. */
    private static final int MAX_ENTRIES = 1 << 16;
    /** In a table that is at most half full, chance does not make such runs. */
    private static final int MAX_PROBES = 1 << 12;

    private final Bytes types;
    private final Bytes strings;
    /** Where each type begins; index 0 is void. */
    private final int[] offsets;
    private final int count;
    /** Open addressing by name: type ids, 0 is free. */
    private volatile int[] index;

    TypeTable(String name, byte[] raw) {
        Bytes all = Bytes.of(name, raw);
        if (all.size() < HEADER_SIZE) {
            throw new ObjectFormatException(name, "BTF truncated: its header has 24 bytes, here are " + all.size());
        }
        if (all.u16(0) != MAGIC || all.u8(2) != 1) {
            throw new ObjectFormatException(name, all.u16(0) == 0x9feb
                    ? "big-endian BTF" : "not BTF (magic 0xeb9f, version 1)");
        }
        long header = all.u32(4);
        if (header < HEADER_SIZE) {
            throw new ObjectFormatException(name, "BTF header of " + header + " bytes");
        }
        types = all.slice("BTF types", header + all.u32(8), all.u32(12));
        strings = all.slice("BTF strings", header + all.u32(16), all.u32(20));
        if (strings.size() == 0 || strings.u8(strings.size() - 1L) != 0) {
            throw strings.malformed("do not end in NUL");
        }
        int[] found = new int[Math.max(16, types.size() / 24)];
        int id = 1;
        for (int at = 0; at < types.size(); id++) {
            if (id == found.length) {
                if (id >= MAX_TYPES) {
                    throw types.malformed("more than " + MAX_TYPES + " types");
                }
                found = Arrays.copyOf(found, found.length * 2);
            }
            found[id] = at;
            at = next(id, at);
        }
        offsets = found;
        count = id;
    }

    /** Checks one type's head and extent. */
    private int next(int id, int at) {
        int info = types.i32(at + 4L);
        int length = (int) trailing(id, info >>> 24 & 0x7f, info & 0xffffff);
        if (types.u32(at) >= strings.size()) {
            throw types.malformed("type " + id + " has its name outside the strings");
        }
        if (length > types.size() - TYPE_SIZE - at) {
            throw types.malformed("truncated or damaged: type " + id + " at offset " + at + " reaches beyond the end");
        }
        return at + TYPE_SIZE + length;
    }

    private long trailing(int id, int kind, int vlen) {
        return switch (kind) {
            case INT, VAR, DECL_TAG -> 4;
            case ARRAY -> 12;
            case STRUCT, UNION, DATASEC, ENUM64 -> 12L * vlen;
            case ENUM, FUNC_PROTO -> 8L * vlen;
            case PTR, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FLOAT, TYPE_TAG -> 0;
            default -> throw types.malformed("type " + id + " is of the unknown kind " + kind);
        };
    }

    /** One more than the highest id. */
    int count() {
        return count;
    }

    private int at(int id) {
        if (id <= 0 || id >= count) {
            throw types.malformed("no type " + Integer.toUnsignedString(id) + " among " + count);
        }
        return offsets[id];
    }

    /** The kind; 0 for void. */
    int kind(int id) {
        return id == 0 ? 0 : types.i32(at(id) + 4L) >>> 24 & 0x7f;
    }

    /** Kind, number of entries and flag in one word. */
    int info(int id) {
        return types.i32(at(id) + 4L);
    }

    int vlen(int id) {
        return types.i32(at(id) + 4L) & 0xffffff;
    }

    /** The number of entries of a type whose entries are read one by one. */
    int entries(int id) {
        int entries = vlen(id);
        if (entries > MAX_ENTRIES) {
            throw malformed(id, entries + " entries, more than " + MAX_ENTRIES);
        }
        return entries;
    }

    boolean kindFlag(int id) {
        return types.i32(at(id) + 4L) < 0;
    }

    /** {@code size} of kinds that have one, else the id referred to. */
    int sizeOrType(int id) {
        return types.i32(at(id) + 8L);
    }

    /** The n-th 32-bit word behind the type's head; the caller keeps within what the kind has. */
    int word(int id, int n) {
        return types.i32(at(id) + TYPE_SIZE + 4L * n);
    }

    String name(int id) {
        return strings.string(types.u32(at(id)));
    }

    String string(int offset) {
        return strings.string(Integer.toUnsignedLong(offset));
    }

    ObjectFormatException malformed(int id, String problem) {
        return types.malformed("type " + id + ": " + problem);
    }

    /** The first type of a name whose kind is one of two, or 0. */
    int find(String name, int kind, int otherKind) {
        byte[] wanted = name.getBytes(StandardCharsets.UTF_8);
        int[] table = index();
        int mask = table.length - 1;
        for (int slot = spread(Bytes.hash(wanted)) & mask; table[slot] != 0; slot = slot + 1 & mask) {
            int id = table[slot];
            int found = kind(id);
            if ((found == kind || found == otherKind) && strings.stringEquals(types.u32(offsets[id]), wanted)) {
                return id;
            }
        }
        return 0;
    }

    /** Names of all types of a kind that begin with a prefix, in the order of the blob. */
    List<String> names(int kind, String prefix) {
        byte[] wanted = prefix.getBytes(StandardCharsets.UTF_8);
        List<String> names = new ArrayList<>();
        for (int id = 1; id < count; id++) {
            if (kind(id) == kind && strings.stringStartsWith(types.u32(offsets[id]), wanted)) {
                names.add(name(id));
            }
        }
        return names;
    }

    /** Names of all types of a kind that a declaration tag of some name is about, in the order of the tags. */
    List<String> tagged(int kind, String tag) {
        byte[] wanted = tag.getBytes(StandardCharsets.UTF_8);
        List<String> names = new ArrayList<>();
        for (int id = 1; id < count; id++) {
            if (kind(id) == DECL_TAG && word(id, 0) == -1 && strings.stringEquals(types.u32(offsets[id]), wanted)
                    && kind(sizeOrType(id)) == kind) {
                names.add(name(sizeOrType(id)));
            }
        }
        return names;
    }

    private int[] index() {
        int[] table = index;
        if (table == null) {
            // Two threads may both build it: the same table twice, which does no harm.
            table = buildIndex();
            index = table;
        }
        return table;
    }

    private int[] buildIndex() {
        int named = 0;
        for (int id = 1; id < count; id++) {
            named += indexed(id) ? 1 : 0;
        }
        int[] table = new int[Integer.highestOneBit(Math.max(8, named)) << 2];
        int mask = table.length - 1;
        for (int id = 1; id < count; id++) {
            if (indexed(id)) {
                insert(table, mask, id);
            }
        }
        return table;
    }

    /** Of several types of one kind and name the first counts, as in libbpf. */
    private void insert(int[] table, int mask, int id) {
        long name = types.u32(offsets[id]);
        int slot = spread(strings.stringHash(name)) & mask;
        for (int probes = 0; table[slot] != 0; probes++) {
            if (kind(table[slot]) == kind(id) && strings.sameString(types.u32(offsets[table[slot]]), name)) {
                return;
            }
            if (probes == MAX_PROBES) {
                throw types.malformed("more than " + MAX_PROBES + " names collide");
            }
            slot = slot + 1 & mask;
        }
        table[slot] = id;
    }

    private boolean indexed(int id) {
        return switch (kind(id)) {
            case STRUCT, UNION, ENUM, ENUM64, FUNC, VAR, DATASEC -> types.i32(offsets[id]) != 0;
            default -> false;
        };
    }

    private static int spread(int hash) {
        return hash ^ hash >>> 15;
    }

    /** Follows typedefs and qualifiers to what they name. */
    int resolve(int id) {
        int at = id;
        for (int hops = 0; hops < MAX_DEPTH; hops++) {
            switch (kind(at)) {
                case TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG -> at = sizeOrType(at);
                default -> {
                    return at;
                }
            }
        }
        throw malformed(id, "typedefs without end");
    }

    /** Bytes of a value of this type. */
    int sizeOf(int id) {
        long elements = 1;
        int at = resolve(id);
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            switch (kind(at)) {
                case INT, STRUCT, UNION, ENUM, ENUM64, FLOAT, DATASEC -> {
                    return size(id, elements, Integer.toUnsignedLong(sizeOrType(at)));
                }
                case PTR -> {
                    return size(id, elements, 8);
                }
                case VAR -> at = resolve(sizeOrType(at));
                case ARRAY -> {
                    elements = size(id, elements, Integer.toUnsignedLong(word(at, 2)));
                    at = resolve(word(at, 0));
                }
                default -> throw malformed(id, "has no size");
            }
        }
        throw malformed(id, "arrays without end");
    }

    private int size(int id, long elements, long bytes) {
        if (elements != 0 && bytes > Integer.MAX_VALUE / elements) {
            throw malformed(id, "is larger than 2 GiB");
        }
        return (int) (elements * bytes);
    }

    /** The type as C would have it, without const, volatile and restrict; functions' parameters are left out. */
    String render(int id) {
        StringBuilder suffix = new StringBuilder();
        int at = id;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            switch (kind(at)) {
                case 0 -> {
                    return join("void", suffix);
                }
                case STRUCT -> {
                    return join("struct " + nameOr(at), suffix);
                }
                case UNION -> {
                    return join("union " + nameOr(at), suffix);
                }
                case ENUM, ENUM64 -> {
                    return join("enum " + nameOr(at), suffix);
                }
                case FWD -> {
                    return join((kindFlag(at) ? "union " : "struct ") + nameOr(at), suffix);
                }
                case INT, FLOAT, TYPEDEF -> {
                    return join(nameOr(at), suffix);
                }
                case VOLATILE, CONST, RESTRICT, TYPE_TAG, VAR -> at = sizeOrType(at);
                case PTR -> {
                    suffix.insert(0, '*');
                    at = sizeOrType(at);
                }
                case ARRAY -> {
                    suffix.append('[').append(Integer.toUnsignedString(word(at, 2))).append(']');
                    at = word(at, 0);
                }
                case FUNC_PROTO -> {
                    suffix.insert(0, '(').append(")()");
                    at = sizeOrType(at);
                }
                default -> throw malformed(id, "is not the type of a value");
            }
        }
        throw malformed(id, "pointers without end");
    }

    private String nameOr(int id) {
        String name = name(id);
        return name.isEmpty() ? "(anonymous)" : name;
    }

    private static String join(String base, StringBuilder suffix) {
        return suffix.isEmpty() ? base : suffix.charAt(0) == '[' ? base + suffix : base + " " + suffix;
    }
}
