// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

/**
 * Checks every type of an object's BTF and all it refers to, before libbpf sees it: libbpf before 1.4 follows references
 * without a look at them, and ends the JVM. The rules are the kernel's for what a program may be loaded with.
 */
final class BtfCheck {
    private static final int OVERLONG = 0x00ff0000;
    private static final int LARGEST_INT = 16;
    private static final int OPEN = -1;

    private final TypeTable types;
    /** How deep each type is nested by value; 0 is not known yet. */
    private final int[] depths;

    private BtfCheck(TypeTable types) {
        this.types = types;
        depths = new int[types.count()];
    }

    /** @throws garrison.spi.ObjectFormatException for the first type that is not sound */
    static void all(TypeTable types) {
        BtfCheck check = new BtfCheck(types);
        for (int id = 1; id < types.count(); id++) {
            check.references(id);
        }
        for (int id = 1; id < types.count(); id++) {
            check.depth(id, 0);
        }
    }

    private void references(int id) {
        if ((types.info(id) & OVERLONG) != 0) {
            throw types.malformed(id, "has bits that no kind uses");
        }
        types.name(id);
        switch (types.kind(id)) {
            case TypeTable.INT -> require(id, types.sizeOrType(id) > 0 && types.sizeOrType(id) <= LARGEST_INT, "is an integer of "
                    + Integer.toUnsignedString(types.sizeOrType(id)) + " bytes");
            case TypeTable.PTR, TypeTable.TYPEDEF, TypeTable.VOLATILE, TypeTable.CONST, TypeTable.RESTRICT, TypeTable.TYPE_TAG,
                    TypeTable.DECL_TAG -> reference(id, types.sizeOrType(id));
            case TypeTable.VAR -> {
                reference(id, types.sizeOrType(id));
                require(id, types.kind(types.sizeOrType(id)) != TypeTable.VAR, "is a variable of a variable");
            }
            case TypeTable.FUNC -> {
                reference(id, types.sizeOrType(id));
                require(id, types.kind(types.sizeOrType(id)) == TypeTable.FUNC_PROTO, "is a function without a prototype");
            }
            case TypeTable.ARRAY -> {
                reference(id, types.word(id, 0));
                reference(id, types.word(id, 1));
            }
            case TypeTable.STRUCT, TypeTable.UNION -> entries(id, 3, 1);
            case TypeTable.ENUM -> entries(id, 2, 0);
            case TypeTable.ENUM64 -> entries(id, 3, 0);
            case TypeTable.FUNC_PROTO -> {
                reference(id, types.sizeOrType(id));
                entries(id, 2, 1);
            }
            case TypeTable.DATASEC -> {
                for (int i = 0; i < types.entries(id); i++) {
                    int entry = types.word(id, 3 * i);
                    reference(id, entry);
                    int kind = types.kind(entry);
                    require(id, kind == TypeTable.VAR || kind == TypeTable.FUNC, "is a section that holds type " + entry
                            + ", neither a variable nor a function");
                }
            }
            default -> {
                // FWD and FLOAT refer to nothing.
            }
        }
    }

    /** Each entry begins with its name; with {@code typed} 1, its type comes next. */
    private void entries(int id, int words, int typed) {
        for (int i = 0; i < types.entries(id); i++) {
            types.string(types.word(id, words * i));
            if (typed == 1) {
                reference(id, types.word(id, words * i + 1));
            }
        }
    }

    private void reference(int id, int to) {
        require(id, to >= 0 && to < types.count(), "refers to type " + Integer.toUnsignedString(to) + " of " + types.count());
    }

    private void require(int id, boolean sound, String problem) {
        if (!sound) {
            throw types.malformed(id, problem);
        }
    }

    /** A type within itself has no size, and who looks for it does not come back. */
    private int depth(int id, int level) {
        if (id == 0) {
            return 0;
        }
        require(id, depths[id] != OPEN && level <= TypeTable.MAX_DEPTH, "lies within itself, or is nested too deep");
        if (depths[id] == 0) {
            depths[id] = OPEN;
            depths[id] = 1 + deepest(id, level + 1);
        }
        // The level of a type known already: what is below it was walked before.
        require(id, level + depths[id] <= 2 * TypeTable.MAX_DEPTH, "is nested too deep");
        return depths[id];
    }

    private int deepest(int id, int level) {
        return switch (types.kind(id)) {
            case TypeTable.TYPEDEF, TypeTable.VOLATILE, TypeTable.CONST, TypeTable.RESTRICT, TypeTable.TYPE_TAG, TypeTable.VAR ->
                    depth(types.sizeOrType(id), level);
            case TypeTable.ARRAY -> depth(types.word(id, 0), level);
            case TypeTable.STRUCT, TypeTable.UNION -> {
                int deepest = 0;
                for (int i = 0; i < types.entries(id); i++) {
                    deepest = Math.max(deepest, depth(types.word(id, 3 * i + 1), level));
                }
                yield deepest;
            }
            default -> 0;
        };
    }
}
