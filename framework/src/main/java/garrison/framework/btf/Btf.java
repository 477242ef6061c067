// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

import garrison.spi.ObjectFormatException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Type information: of an object ({@code .BTF}) or of the kernel ({@code /sys/kernel/btf/vmlinux}). Reading checks the
 * frame of every type; what types refer to is checked when it is followed, so every method here may throw
 * {@link ObjectFormatException}. Safe for use by several threads.
 */
public final class Btf {
    private final TypeTable types;

    private Btf(TypeTable types) {
        this.types = types;
    }

    /**
     * Reads raw BTF. The array must not change afterwards.
     *
     * @param name how errors call it
     * @throws ObjectFormatException if it is not well formed
     */
    public static Btf parse(String name, byte[] raw) {
        return new Btf(new TypeTable(name, raw));
    }

    /**
     * Reads an object's BTF and checks every type in it, as the kernel does at load: a library that reads it later meets no
     * reference to nowhere and no type within itself.
     *
     * @throws ObjectFormatException if it is not well formed
     */
    public static Btf parseSound(String name, byte[] raw) {
        TypeTable types = new TypeTable(name, raw);
        BtfCheck.all(types);
        return new Btf(types);
    }

    /** A struct or union with all its fields; structs that are only declared do not count. */
    public Optional<BtfStruct> struct(String name) {
        int id = types.find(name, TypeTable.STRUCT, TypeTable.UNION);
        return id == 0 ? Optional.empty() : Optional.of(StructReader.read(types, id));
    }

    /** Whether a struct or union of this name is defined. */
    public boolean hasStruct(String name) {
        return types.find(name, TypeTable.STRUCT, TypeTable.UNION) != 0;
    }

    /** A function's prototype. */
    public Optional<BtfFunction> function(String name) {
        int id = types.find(name, TypeTable.FUNC, TypeTable.FUNC);
        if (id == 0) {
            return Optional.empty();
        }
        int prototype = types.sizeOrType(id);
        if (types.kind(prototype) != TypeTable.FUNC_PROTO) {
            throw types.malformed(id, "function " + name + " has no prototype");
        }
        int count = types.entries(prototype);
        List<String> parameters = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int type = types.word(prototype, 2 * i + 1);
            boolean variable = type == 0 && i == count - 1 && types.word(prototype, 2 * i) == 0;
            parameters.add(variable ? "..." : types.render(type));
        }
        return Optional.of(new BtfFunction(name, types.render(types.sizeOrType(prototype)), parameters));
    }

    /** Whether a function of this name is described. */
    public boolean hasFunction(String name) {
        return types.find(name, TypeTable.FUNC, TypeTable.FUNC) != 0;
    }

    /** Names of all functions that begin with a prefix. */
    public List<String> functions(String prefix) {
        return types.names(TypeTable.FUNC, prefix);
    }

    /** Names of all functions that carry a declaration tag, for example {@code bpf_kfunc}, which kernels have from 6.9 or so on. */
    public List<String> functionsTagged(String tag) {
        return types.tagged(TypeTable.FUNC, tag);
    }

    /** The id of a function's type, which is what the kernel takes as attach target; 0 if there is none. */
    public int functionId(String name) {
        return types.find(name, TypeTable.FUNC, TypeTable.FUNC);
    }

    /** Whether a variable of this name is described. */
    public boolean hasVariable(String name) {
        return types.find(name, TypeTable.VAR, TypeTable.VAR) != 0;
    }

    /** An enum's constants in order; those of 32 bits are sign-extended. */
    public Optional<Map<String, Long>> enumValues(String name) {
        int id = types.find(name, TypeTable.ENUM, TypeTable.ENUM64);
        if (id == 0) {
            return Optional.empty();
        }
        boolean wide = types.kind(id) == TypeTable.ENUM64;
        int words = wide ? 3 : 2;
        Map<String, Long> values = new LinkedHashMap<>();
        for (int i = 0; i < types.entries(id); i++) {
            long low = types.word(id, words * i + 1);
            long value = wide ? (low & 0xffffffffL) | (long) types.word(id, words * i + 2) << 32 : low;
            values.put(types.string(types.word(id, words * i)), value);
        }
        return Optional.of(values);
    }

    /** The variables of a data section; empty if there is none of that name. */
    public List<BtfVariable> variables(String section) {
        List<BtfVariable> variables = new ArrayList<>();
        for (Entry entry : section(section)) {
            if (types.kind(entry.type) == TypeTable.VAR) {
                int type = types.resolve(types.sizeOrType(entry.type));
                boolean number = types.kind(type) == TypeTable.INT;
                boolean enumeration = types.kind(type) == TypeTable.ENUM || types.kind(type) == TypeTable.ENUM64;
                boolean signed = number ? (types.word(type, 0) >>> 24 & 1) != 0 : enumeration && types.kindFlag(type);
                variables.add(new BtfVariable(types.name(entry.type), entry.offset, types.sizeOf(type),
                        number || enumeration, signed, types.render(types.sizeOrType(entry.type))));
            }
        }
        return variables;
    }

    /**
     * What an object declares in {@code .maps}.
     *
     * @throws ObjectFormatException if a declaration is not one of a map
     */
    public List<MapDefinition> maps() {
        List<MapDefinition> maps = new ArrayList<>();
        for (Entry entry : section(".maps")) {
            if (types.kind(entry.type) != TypeTable.VAR) {
                throw types.malformed(entry.type, "something in .maps is no variable");
            }
            maps.add(MapDefinition.read(types, types.name(entry.type), types.sizeOrType(entry.type), true));
        }
        return maps;
    }

    /**
     * A kernel symbol that an object refers to.
     *
     * @param name its name
     * @param function true for a function
     * @param typed false for an address of no type ({@code extern const void x __ksym})
     */
    public record Extern(String name, boolean function, boolean typed) {}

    /** The kernel symbols in {@code .ksyms}. */
    public List<Extern> externs() {
        List<Extern> externs = new ArrayList<>();
        for (Entry entry : section(".ksyms")) {
            boolean function = types.kind(entry.type) == TypeTable.FUNC;
            if (!function && types.kind(entry.type) != TypeTable.VAR) {
                throw types.malformed(entry.type, "something in .ksyms is neither a function nor a variable");
            }
            externs.add(new Extern(types.name(entry.type), function,
                    function || types.resolve(types.sizeOrType(entry.type)) != 0));
        }
        return externs;
    }

    private record Entry(int type, int offset) {}

    private List<Entry> section(String name) {
        int id = types.find(name, TypeTable.DATASEC, TypeTable.DATASEC);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; id != 0 && i < types.entries(id); i++) {
            entries.add(new Entry(types.word(id, 3 * i), types.word(id, 3 * i + 1)));
        }
        return entries;
    }
}
