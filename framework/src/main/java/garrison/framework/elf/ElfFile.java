// SPDX-License-Identifier: Apache-2.0
package garrison.framework.elf;

import garrison.spi.ObjectFormatException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An ELF64 little-endian file: its sections, symbols and relocations. Nothing is taken on trust: offsets, sizes, counts and
 * indices are checked where they are used.
 */
public final class ElfFile {
    /** {@code e_machine} of a BPF object. */
    public static final int EM_BPF = 247;
    /** {@code sh_type}: a section with bytes. */
    public static final int SHT_PROGBITS = 1;
    /** {@code sh_type}: relocations without addend. */
    public static final int SHT_REL = 9;
    /** {@code sh_flags}: executable. */
    public static final long SHF_EXECINSTR = 4;

    private static final int SHT_SYMTAB = 2;
    private static final int SHT_NOBITS = 8;
    private static final int HEADER_SIZE = 64;
    private static final int SECTION_SIZE = 64;
    private static final int SYMBOL_SIZE = 24;
    private static final int REL_SIZE = 16;
    private static final int INSTRUCTION_SIZE = 8;
    /** BPF objects have some hundred; the limits keep a damaged file from costing more than it weighs. */
    private static final int MAX_SECTIONS = 4096;
    private static final int MAX_SYMBOLS = 1 << 16;

    private final Bytes file;
    private final int machine;
    private final List<Section> sections;
    private final List<Symbol> symbols;
    private final Map<String, Section> byName = new HashMap<>();

    /**
     * One section.
     *
     * @param index its index
     * @param name its name
     * @param type {@code sh_type}
     * @param flags {@code sh_flags}
     * @param link {@code sh_link}
     * @param info {@code sh_info}: for relocations the section they apply to
     * @param bytes its contents; empty for a section without bytes in the file
     */
    public record Section(int index, String name, int type, long flags, int link, int info, Bytes bytes) {
        /** Whether it holds instructions. */
        public boolean executable() {
            return type == SHT_PROGBITS && (flags & SHF_EXECINSTR) != 0;
        }
    }

    /**
     * One symbol.
     *
     * @param index its index
     * @param name its name
     * @param type {@code STT_…}
     * @param binding {@code STB_…}
     * @param section index of its section; 0 for undefined
     * @param value offset in its section
     * @param size bytes
     */
    public record Symbol(int index, String name, int type, int binding, int section, long value, long size) {
        public static final int FUNC = 2;
        public static final int LOCAL = 0;
        public static final int WEAK = 2;
    }

    /**
     * One relocation.
     *
     * @param offset where in the section it applies to
     * @param symbol the symbol's index
     */
    public record Relocation(long offset, int symbol) {}

    private ElfFile(Bytes file, int machine, List<Section> sections) {
        this.file = file;
        this.machine = machine;
        this.sections = sections;
        for (Section section : sections) {
            byName.putIfAbsent(section.name(), section);
        }
        this.symbols = readSymbols();
    }

    /**
     * Reads a file.
     *
     * @param name how errors call it
     * @param content the whole file
     * @throws ObjectFormatException if it is not an ELF64 little-endian file or is damaged
     */
    public static ElfFile parse(String name, byte[] content) {
        Bytes file = Bytes.of(name, content);
        if (file.size() < 4 || file.i32(0) != 0x464c457f) {
            throw new ObjectFormatException(name, file.size() == 0 ? "empty file, not an ELF file" : "not an ELF file");
        }
        if (file.size() < HEADER_SIZE) {
            throw new ObjectFormatException(name, "truncated: an ELF header has 64 bytes, this file " + file.size());
        }
        if (file.u8(4) != 2) {
            throw new ObjectFormatException(name, "not a 64-bit ELF file");
        }
        if (file.u8(5) != 1) {
            throw new ObjectFormatException(name, file.u8(5) == 2
                    ? "big-endian; compile it with -target bpfel" : "ELF header with unknown byte order " + file.u8(5));
        }
        return new ElfFile(file, file.u16(18), readSections(file));
    }

    private static List<Section> readSections(Bytes file) {
        long table = file.i64(40);
        int entrySize = file.u16(58);
        int count = file.u16(60);
        int namesIndex = file.u16(62);
        if (count == 0 || entrySize != SECTION_SIZE) {
            throw file.malformed("truncated or damaged: no section headers");
        }
        if (count > MAX_SECTIONS) {
            throw file.malformed("has " + count + " sections, more than " + MAX_SECTIONS);
        }
        Bytes headers = file.slice("section headers", table, (long) count * SECTION_SIZE);
        if (namesIndex >= count) {
            throw file.malformed("section names are said to be in section " + namesIndex + " of " + count);
        }
        Bytes names = contents(file, headers, namesIndex, "section names");
        List<Section> sections = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long at = (long) i * SECTION_SIZE;
            int type = headers.i32(at + 4);
            String name = i == 0 ? "" : names.string(headers.u32(at));
            Bytes bytes = i == 0 || type == SHT_NOBITS
                    ? file.slice("section " + name, 0, 0) : contents(file, headers, i, "section " + name);
            sections.add(new Section(i, name, type, headers.i64(at + 8), headers.i32(at + 40), headers.i32(at + 44), bytes));
        }
        return List.copyOf(sections);
    }

    private static Bytes contents(Bytes file, Bytes headers, int index, String name) {
        long at = (long) index * SECTION_SIZE;
        return file.slice(name, headers.i64(at + 24), headers.i64(at + 32));
    }

    private List<Symbol> readSymbols() {
        for (Section section : sections) {
            if (section.type() == SHT_SYMTAB) {
                Bytes table = section.bytes();
                if (table.size() % SYMBOL_SIZE != 0) {
                    throw table.malformed("its size " + table.size() + " is not a multiple of " + SYMBOL_SIZE);
                }
                Bytes names = section(section.link()).bytes();
                int count = table.size() / SYMBOL_SIZE;
                if (count > MAX_SYMBOLS) {
                    throw table.malformed("has " + count + " symbols, more than " + MAX_SYMBOLS);
                }
                List<Symbol> list = new ArrayList<>(count);
                for (int i = 0; i < count; i++) {
                    list.add(readSymbol(table, names, i));
                }
                return List.copyOf(list);
            }
        }
        return List.of();
    }

    private Symbol readSymbol(Bytes table, Bytes names, int index) {
        long at = (long) index * SYMBOL_SIZE;
        int info = table.u8(at + 4);
        long nameAt = table.u32(at);
        return new Symbol(index, nameAt == 0 ? "" : names.string(nameAt), info & 15, info >> 4, table.u16(at + 6),
                table.i64(at + 8), table.i64(at + 16));
    }

    /** {@code e_machine}. */
    public int machine() {
        return machine;
    }

    /** All sections, the empty section 0 included. */
    public List<Section> sections() {
        return sections;
    }

    /** The first section of a name. */
    public Optional<Section> section(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /**
     * A section by index.
     *
     * @throws ObjectFormatException if there is none
     */
    public Section section(int index) {
        if (index < 0 || index >= sections.size()) {
            throw file.malformed("refers to section " + index + " of " + sections.size());
        }
        return sections.get(index);
    }

    /** All symbols in the order of the file; empty without a symbol table. */
    public List<Symbol> symbols() {
        return symbols;
    }

    /** The relocations that apply to a section of BPF instructions, in the order of the file. */
    public List<Relocation> relocations(Section target) {
        List<Relocation> found = new ArrayList<>();
        for (Section section : sections) {
            if (section.type() == SHT_REL && section.info() == target.index()) {
                Bytes bytes = section.bytes();
                if (bytes.size() % REL_SIZE != 0) {
                    throw bytes.malformed("its size " + bytes.size() + " is not a multiple of " + REL_SIZE);
                }
                if (found.size() + bytes.size() / REL_SIZE > target.bytes().size() / INSTRUCTION_SIZE) {
                    throw bytes.malformed("more relocations than " + target.name() + " has instructions");
                }
                for (long at = 0; at < bytes.size(); at += REL_SIZE) {
                    int symbol = (int) (bytes.i64(at + 8) >>> 32);
                    if (symbol < 0 || symbol >= symbols.size()) {
                        throw bytes.malformed("refers to symbol " + Integer.toUnsignedString(symbol) + " of "
                                + symbols.size());
                    }
                    found.add(new Relocation(bytes.i64(at), symbol));
                }
            }
        }
        return found;
    }
}
