// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import garrison.framework.elf.Bytes;
import garrison.framework.elf.ElfFile;
import garrison.framework.elf.ElfFile.Section;
import garrison.framework.elf.ElfFile.Symbol;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.MapSpec;
import garrison.spi.ObjectFormatException;
import garrison.spi.ProgramInfo;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts programs together as libbpf does at load, short of all that depends on the kernel: each program with the subprograms it calls
 * behind it, calls between them and references to maps resolved. Maps are numbered in the order of {@link #maps()}.
 */
final class ObjectLinker {
    private static final int INSTRUCTION = LinkedProgram.INSTRUCTION;
    private static final int LD_IMM64 = 0x18;
    private static final int CALL = 0x85;
    /** {@code BPF_PSEUDO_…}, in the source register. */
    private static final int PSEUDO_CALL = 1;
    private static final int PSEUDO_KFUNC_CALL = 2;
    private static final int PSEUDO_FUNC = 4;
    private static final int PSEUDO_MAP_IDX = 5;
    private static final int PSEUDO_MAP_IDX_VALUE = 6;
    /** The verifier takes a million instructions; a damaged object could name each function from each. */
    private static final int MAX_INSTRUCTIONS = 1 << 20;
    /** The kernel takes eight. */
    private static final int MAX_DEPTH = 32;

    private final BpfSpec spec;
    private final ElfFile elf;
    private final TypeExtension extension;
    private final Map<Section, Map<Long, Symbol>> relocations = new HashMap<>();
    private final Map<Place, Symbol> functions = new HashMap<>();
    private final List<String> maps = new ArrayList<>();

    private record Place(Section section, long offset) {}

    ObjectLinker(BpfSpec spec, byte[] object) {
        this.spec = spec;
        elf = ElfFile.parse(spec.name(), object);
        extension = new TypeExtension(spec.name(), elf);
        for (Symbol symbol : elf.symbols()) {
            if (symbol.type() == Symbol.FUNC && symbol.section() < elf.sections().size()) {
                functions.put(new Place(elf.section(symbol.section()), symbol.value()), symbol);
            }
        }
    }

    /** All programs, in the order of the specification. */
    List<LinkedProgram> link() {
        return spec.programs().stream().map(program -> new Linked(program).link()).toList();
    }

    /** The names of all maps that any program refers to, those of data being called as their sections. Complete after {@link #link()}. */
    List<String> maps() {
        return List.copyOf(maps);
    }

    /** The object's types, for the kernel. */
    byte[] types() {
        return ProgramTypes.of(elf.section(".BTF").orElseThrow().bytes());
    }

    private int map(String name) {
        int index = maps.indexOf(name);
        if (index < 0) {
            maps.add(name);
            return maps.size() - 1;
        }
        return index;
    }

    private Map<Long, Symbol> relocations(Section section) {
        return relocations.computeIfAbsent(section, s -> {
            Map<Long, Symbol> found = new HashMap<>();
            elf.relocations(s).forEach(r -> found.put(r.offset(), elf.symbols().get(r.symbol())));
            return found;
        });
    }

    /** One program being linked. */
    private final class Linked {
        private final ProgramInfo info;
        private final Map<Symbol, Placed> placed = new LinkedHashMap<>();
        private final List<LinkedProgram.KernelSymbol> symbols = new ArrayList<>();
        private final ByteArrayOutputStream functionInfo = new ByteArrayOutputStream();
        private final ByteArrayOutputStream fields = new ByteArrayOutputStream();

        private int length;

        /** Where a function is, in instructions of the whole, and what it became. */
        private record Placed(int start, ByteBuffer code) {}

        Linked(ProgramInfo info) {
            this.info = info;
        }

        LinkedProgram link() {
            Symbol main = functions.values().stream().filter(f -> f.name().equals(info.name())
                    && elf.section(f.section()).name().equals(info.section())).findFirst().orElseThrow(
                            () -> new ObjectFormatException(spec.name(), "no function of program " + info.name()));
            append(main, 0);
            ByteBuffer whole = ByteBuffer.allocate(length * INSTRUCTION);
            placed.values().forEach(function -> whole.put(function.code.array()));
            return new LinkedProgram(info, whole.array(), functionInfo.toByteArray(), fields.toByteArray(), List.copyOf(symbols));
        }

        /** In libbpf's order: what a function is the first to call follows, with all that calls in turn. */
        private int append(Symbol function, int depth) {
            Placed known = placed.get(function);
            if (known != null) {
                return known.start;
            }
            Section section = elf.section(function.section());
            Bytes source = section.bytes().slice("function " + function.name(), function.value(), function.size());
            if (depth > MAX_DEPTH) {
                throw source.malformed("program " + info.name() + " calls more than " + MAX_DEPTH + " functions, one from the other");
            }
            int start = length;
            length += source.size() / INSTRUCTION;
            if (length > MAX_INSTRUCTIONS) {
                throw source.malformed("program " + info.name() + " has more than " + MAX_INSTRUCTIONS + " instructions with all it calls");
            }
            ByteBuffer copy = ByteBuffer.wrap(source.toArray()).order(ByteOrder.LITTLE_ENDIAN);
            placed.put(function, new Placed(start, copy));
            info(function, section, start);
            Map<Long, Symbol> bySymbol = relocations(section);
            for (int i = 0; i < source.size() / INSTRUCTION; i++) {
                Symbol symbol = bySymbol.get(function.value() + (long) i * INSTRUCTION);
                int operation = copy.get(i * INSTRUCTION) & 0xff;
                int from = copy.get(i * INSTRUCTION + 1) >> 4 & 0xf;
                if (symbol != null) {
                    relocate(copy, source, i, start, symbol, depth);
                } else if (operation == CALL && from == PSEUDO_CALL) {
                    long target = function.value() + (i + copy.getInt(i * INSTRUCTION + 4) + 1L) * INSTRUCTION;
                    refer(copy, i, start, section, target, source, depth);
                }
                i += operation == LD_IMM64 ? 1 : 0;
            }
            return start;
        }

        private void relocate(ByteBuffer copy, Bytes source, int i, int start, Symbol symbol, int depth) {
            int at = i * INSTRUCTION;
            int operation = copy.get(at) & 0xff;
            boolean call = operation == CALL;
            if (!call && (operation != LD_IMM64 || at + 2 * INSTRUCTION > source.size())) {
                throw source.malformed("a relocation at instruction " + i + ", which neither calls nor loads an address");
            }
            int number = copy.getInt(at + 4);
            if (symbol.section() == 0) {
                external(copy, source, at, start + i, symbol, call);
                return;
            }
            Section target = elf.section(symbol.section());
            if (target.executable()) {
                if (!call) {
                    from(copy, at, PSEUDO_FUNC);
                }
                refer(copy, i, start, target, call ? symbol.value() + (number + 1L) * INSTRUCTION : symbol.value() + number, source, depth);
                return;
            }
            if (call) {
                throw source.malformed("instruction " + i + " calls what is no function: " + symbol.name());
            }
            if (target.name().equals(".maps")) {
                MapSpec map = spec.map(symbol.name()).orElseThrow(() -> source.malformed("refers to no map: " + symbol.name()));
                from(copy, at, PSEUDO_MAP_IDX);
                copy.putInt(at + 4, map(map.name())).putInt(at + INSTRUCTION + 4, 0);
            } else {
                from(copy, at, PSEUDO_MAP_IDX_VALUE);
                // As libbpf does it: the two halves add up.
                copy.putInt(at + 4, map(target.name())).putInt(at + INSTRUCTION + 4, (int) symbol.value() + number);
            }
        }

        private void external(ByteBuffer copy, Bytes source, int at, int instruction, Symbol symbol, boolean call) {
            boolean function = spec.externs().stream().anyMatch(e -> e.name().equals(symbol.name()) && e.function());
            if (!function) {
                throw source.malformed(symbol.name() + " is a variable of the kernel; a light skeleton takes its functions only: sign the"
                        + " object without one");
            }
            if (call) {
                from(copy, at, PSEUDO_KFUNC_CALL);
            }
            copy.putInt(at + 4, 0);
            symbols.add(new LinkedProgram.KernelSymbol(instruction, symbol.name(), symbol.binding() == Symbol.WEAK, call));
        }

        private static void from(ByteBuffer copy, int at, int source) {
            copy.put(at + 1, (byte) (copy.get(at + 1) & 0xf | source << 4));
        }

        private void refer(ByteBuffer copy, int i, int start, Section section, long offset, Bytes source, int depth) {
            Symbol target = functions.get(new Place(section, offset));
            if (target == null) {
                throw source.malformed("refers to offset " + offset + " of " + section.name() + ", where no function begins");
            }
            copy.putInt(i * INSTRUCTION + 4, append(target, depth + 1) - (start + i) - 1);
        }

        private void info(Symbol function, Section section, int start) {
            for (Bytes record : extension.functions(section.name())) {
                if (record.u32(0) == function.value()) {
                    put(functionInfo, start, record.i32(4));
                }
            }
            for (Bytes record : extension.fields(section.name())) {
                long offset = record.u32(0) - function.value();
                if (offset >= 0 && offset < function.size()) {
                    put(fields, start * INSTRUCTION + (int) offset, record.i32(4), record.i32(8), record.i32(12));
                }
            }
        }

        private static void put(ByteArrayOutputStream out, int... words) {
            ByteBuffer record = ByteBuffer.allocate(Integer.BYTES * words.length).order(ByteOrder.LITTLE_ENDIAN);
            for (int word : words) {
                record.putInt(word);
            }
            out.writeBytes(record.array());
        }
    }
}
