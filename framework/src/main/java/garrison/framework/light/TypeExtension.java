// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import garrison.framework.elf.Bytes;
import garrison.framework.elf.ElfFile;
import garrison.spi.ObjectFormatException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An object's {@code .BTF.ext}: which function begins at which instruction, and which instructions depend on the kernel's types. */
final class TypeExtension {
    private static final int HEADER = 32;
    private static final int MAGIC = 0xeb9f;
    private static final int FUNCTIONS_AT = 8;
    private static final int FIELDS_AT = 24;
    private static final int STRINGS_AT = 16;
    private static final int SECTION_HEAD = 8;
    private static final int TYPES_HEADER = 24;
    private static final int MAX_RECORD = 256;

    private final Bytes all;
    private final Bytes strings;
    private final Map<String, List<Bytes>> functions;
    private final Map<String, List<Bytes>> fields;

    TypeExtension(String object, ElfFile elf) {
        all = elf.section(".BTF.ext").map(ElfFile.Section::bytes).filter(b -> b.size() >= HEADER).orElseThrow(
                () -> new ObjectFormatException(object, "no .BTF.ext; compile it with clang -g"));
        if (all.u16(0) != MAGIC || all.u8(2) != 1 || all.u32(4) < HEADER) {
            throw all.malformed("not the extension of BTF (magic 0xeb9f, version 1)");
        }
        Bytes types = elf.section(".BTF").orElseThrow().bytes();
        strings = types.slice("BTF strings", types.u32(4) + types.u32(STRINGS_AT), types.u32(STRINGS_AT + 4));
        if (types.u32(4) < TYPES_HEADER) {
            throw types.malformed("header of " + types.u32(4) + " bytes");
        }
        functions = read(FUNCTIONS_AT, LinkedProgram.FUNCTION);
        fields = read(FIELDS_AT, LinkedProgram.FIELD);
    }

    /** Records by section. Longer ones than known are cut: the kernel's are by their size, too. */
    private Map<String, List<Bytes>> read(int header, int size) {
        Bytes part = all.slice("records of .BTF.ext", all.u32(4) + all.u32(header), all.u32(header + 4));
        Map<String, List<Bytes>> bySection = new HashMap<>();
        if (part.size() == 0) {
            return bySection;
        }
        long record = part.u32(0);
        if (record < size || record > MAX_RECORD) {
            throw part.malformed("records of " + record + " bytes; at least " + size);
        }
        long at = 4;
        while (at < part.size()) {
            List<Bytes> records = bySection.computeIfAbsent(strings.string(part.u32(at)), name -> new ArrayList<>());
            long count = part.u32(at + 4);
            Bytes section = part.slice("records of a section", at + SECTION_HEAD, count * record);
            for (long i = 0; i < count; i++) {
                records.add(section.slice("record " + i, i * record, size));
            }
            at += SECTION_HEAD + count * record;
        }
        return bySection;
    }

    /** {@code struct bpf_func_info}, its offset in bytes of the section. */
    List<Bytes> functions(String section) {
        return functions.getOrDefault(section, List.of());
    }

    /** {@code struct bpf_core_relo}, its offset in bytes of the section. */
    List<Bytes> fields(String section) {
        return fields.getOrDefault(section, List.of());
    }
}
