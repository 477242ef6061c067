// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A map as {@code SEC(".maps")} declares it.
 *
 * @param name the C name
 * @param attributes what {@code __uint(name, n)} says: {@code type}, {@code max_entries}, {@code map_flags}, …
 * @param keySize bytes of {@code __type(key, …)} or {@code key_size}; 0 without
 * @param valueSize bytes of {@code __type(value, …)} or {@code value_size}; 0 without
 * @param inner of {@code __array(values, struct { … })}
 */
public record MapDefinition(String name, Map<String, Integer> attributes, int keySize, int valueSize,
        Optional<MapDefinition> inner) {
    /** What libbpf knows; it refuses any other. */
    private static final Set<String> ATTRIBUTES = Set.of("type", "max_entries", "map_flags", "key_size", "value_size",
            "numa_node", "pinning", "map_extra");

    /** Copies the attributes. */
    public MapDefinition {
        attributes = Map.copyOf(attributes);
    }

    /** The number of an attribute; 0 when it is not declared. */
    public int attribute(String attribute) {
        return attributes.getOrDefault(attribute, 0);
    }

    /** Reads the struct behind one map variable; the inner map of a map of maps is read with it, and has none of its own. */
    static MapDefinition read(TypeTable types, String name, int type, boolean outer) {
        int struct = types.resolve(type);
        if (types.kind(struct) != TypeTable.STRUCT) {
            throw types.malformed(struct, "map " + name + " is not declared by a struct");
        }
        Map<String, Integer> attributes = new HashMap<>();
        int keySize = 0;
        int valueSize = 0;
        MapDefinition inner = null;
        for (int i = 0; i < types.entries(struct); i++) {
            String member = types.string(types.word(struct, 3 * i));
            int declared = types.resolve(types.word(struct, 3 * i + 1));
            switch (member) {
                case "key" -> keySize = types.sizeOf(pointee(types, name, member, declared));
                case "value" -> valueSize = types.sizeOf(pointee(types, name, member, declared));
                case "values" -> inner = outer ? innerMap(types, name, declared) : null;
                default -> {
                    if (!ATTRIBUTES.contains(member)) {
                        throw types.malformed(struct, "map " + name + " has the unknown attribute " + member);
                    }
                    attributes.put(member, number(types, name, member, declared));
                }
            }
        }
        keySize = attributes.getOrDefault("key_size", keySize);
        valueSize = attributes.getOrDefault("value_size", valueSize);
        return new MapDefinition(name, attributes, keySize, valueSize, Optional.ofNullable(inner));
    }

    private static int pointee(TypeTable types, String map, String member, int type) {
        if (types.kind(type) != TypeTable.PTR) {
            throw types.malformed(type, "map " + map + ": " + member + " is not declared with __type or __uint");
        }
        return types.sizeOrType(type);
    }

    /** {@code __uint(name, n)} is {@code int (*name)[n]}. */
    private static int number(TypeTable types, String map, String member, int type) {
        int array = types.resolve(pointee(types, map, member, type));
        if (types.kind(array) != TypeTable.ARRAY) {
            throw types.malformed(type, "map " + map + ": " + member + " is not declared with __uint");
        }
        return types.word(array, 2);
    }

    /** {@code __array(values, T)} is {@code T *values[]}; the values of a program array are functions and no maps. */
    private static MapDefinition innerMap(TypeTable types, String map, int type) {
        if (types.kind(type) != TypeTable.ARRAY) {
            throw types.malformed(type, "map " + map + ": values is not declared with __array");
        }
        int value = types.resolve(pointee(types, map, "values", types.resolve(types.word(type, 0))));
        return types.kind(value) == TypeTable.STRUCT ? read(types, map + ".inner", value, false) : null;
    }
}
