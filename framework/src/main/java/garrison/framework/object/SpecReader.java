// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import garrison.framework.btf.Btf;
import garrison.framework.btf.BtfVariable;
import garrison.framework.btf.MapDefinition;
import garrison.framework.elf.ElfFile;
import garrison.framework.elf.ElfFile.Section;
import garrison.framework.elf.ElfFile.Symbol;
import garrison.spi.ObjectFormatException;
import garrison.spi.ProgramInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Turns an ELF file into a {@link BpfSpec}, or says why not. */
final class SpecReader {
    private static final String SUBPROGRAMS = ".text";
    private static final String CONSTANTS = ".rodata";

    private final String name;
    private final ElfFile elf;
    private final Btf btf;

    /** A function in an executable section: a program, or in {@code .text} a subprogram. */
    private record Function(Symbol symbol, Section section) {
        boolean holds(long offset) {
            return offset >= symbol.value() && offset - symbol.value() < symbol.size();
        }
    }

    SpecReader(String name, byte[] bytes) {
        this.name = name;
        this.elf = ElfFile.parse(name, bytes);
        if (elf.machine() != ElfFile.EM_BPF) {
            throw new ObjectFormatException(name, "an ELF file, but not for BPF (machine " + elf.machine()
                    + ", BPF is 247); compile it with clang -target bpf");
        }
        Section section = elf.section(".BTF").filter(s -> s.bytes().size() > 0).orElseThrow(
                () -> new ObjectFormatException(name, "no BTF (section .BTF); compile it with clang -g"));
        this.btf = Btf.parseSound(name, section.bytes().toArray());
    }

    BpfSpec read() {
        List<Function> functions = functions();
        List<ProgramInfo> programs = new ArrayList<>();
        for (Function function : functions) {
            if (!function.section.name().equals(SUBPROGRAMS)) {
                programs.add(program(function));
            }
        }
        if (programs.isEmpty()) {
            throw new ObjectFormatException(name, "no programs: no function in a section such as SEC(\"lsm/file_open\")");
        }
        String licence = licence();
        for (ProgramInfo program : programs) {
            if (program.kind().equals("lsm") && !Licences.gplCompatible(licence)) {
                throw new ObjectFormatException(name, "program " + program.name() + " (" + program.section()
                        + "): the kernel takes LSM programs only under a licence compatible with the GPL, and this object's is '"
                        + licence + "'; use for example char LICENSE[] SEC(\"license\") = \"Dual BSD/GPL\"");
            }
        }
        List<MapSpec> maps = btf.maps().stream().map(SpecReader::map).toList();
        return new BpfSpec(name, licence, programs, maps, externs(functions), constants(), btf);
    }

    /** In libbpf's order: by section, then by place in it. */
    private List<Function> functions() {
        List<Function> functions = new ArrayList<>();
        for (Symbol symbol : elf.symbols()) {
            if (symbol.type() == Symbol.FUNC && symbol.section() < elf.sections().size()
                    && elf.section(symbol.section()).executable()) {
                functions.add(checked(new Function(symbol, elf.section(symbol.section()))));
            }
        }
        functions.sort(Comparator.<Function>comparingInt(f -> f.symbol.section()).thenComparingLong(f -> f.symbol.value()));
        return functions;
    }

    private Function checked(Function function) {
        Symbol symbol = function.symbol;
        function.section.bytes().slice("function " + symbol.name(), symbol.value(), symbol.size());
        if (symbol.name().isEmpty() || symbol.size() == 0 || symbol.size() % 8 != 0 || symbol.value() % 8 != 0) {
            throw function.section.bytes().malformed("function '" + symbol.name() + "' of " + symbol.size()
                    + " bytes at offset " + symbol.value() + " is not made of BPF instructions");
        }
        return function;
    }

    private static ProgramInfo program(Function function) {
        String section = function.section.name();
        boolean optional = section.startsWith("?");
        String definition = optional ? section.substring(1) : section;
        int slash = definition.indexOf('/');
        String kind = slash < 0 ? definition : definition.substring(0, slash);
        boolean sleepable = kind.endsWith(".s");
        return new ProgramInfo(function.symbol.name(), section, sleepable ? kind.substring(0, kind.length() - 2) : kind,
                slash < 0 ? "" : definition.substring(slash + 1), sleepable, optional);
    }

    private String licence() {
        Section section = elf.section("license").filter(s -> s.bytes().size() > 0).orElseThrow(
                () -> new ObjectFormatException(name, "no licence; add char LICENSE[] SEC(\"license\") = \"Dual BSD/GPL\""));
        return section.bytes().string(0);
    }

    private static MapSpec map(MapDefinition map) {
        return new MapSpec(map.name(), map.attribute("type"), map.keySize(),
                MapType.ofMaps(map.attribute("type")) ? Integer.BYTES : map.valueSize(), map.attribute("max_entries"),
                map.attribute("map_flags"), map.inner().map(SpecReader::map));
    }

    /** The symbol table knows the offsets in any object; BTF only in one that a linker has seen. */
    private List<BtfVariable> constants() {
        Optional<Section> section = elf.section(CONSTANTS);
        if (section.isEmpty()) {
            return List.of();
        }
        Map<String, Symbol> symbols = new HashMap<>();
        for (Symbol symbol : elf.symbols()) {
            if (symbol.section() == section.get().index()) {
                symbols.putIfAbsent(symbol.name(), symbol);
            }
        }
        List<BtfVariable> constants = new ArrayList<>();
        for (BtfVariable variable : btf.variables(CONSTANTS)) {
            Symbol symbol = symbols.get(variable.name());
            long offset = symbol == null ? variable.offset() : symbol.value();
            section.get().bytes().slice("variable " + variable.name(), offset, variable.size());
            constants.add(new BtfVariable(variable.name(), (int) offset, variable.size(), variable.integer(),
                    variable.signed(), variable.type()));
        }
        return constants;
    }

    private List<ExternSpec> externs(List<Function> functions) {
        List<Btf.Extern> declared = btf.externs();
        if (declared.isEmpty()) {
            return List.of();
        }
        Map<String, Set<String>> users = users(functions);
        Set<String> weak = new HashSet<>();
        for (Symbol symbol : elf.symbols()) {
            if (symbol.section() == 0 && symbol.binding() == Symbol.WEAK) {
                weak.add(symbol.name());
            }
        }
        return declared.stream().map(e -> new ExternSpec(e.name(), e.function(), e.typed(), weak.contains(e.name()),
                users.getOrDefault(e.name(), Set.of()))).toList();
    }

    /** Which programs refer to which undefined symbols; what subprograms refer to counts for the programs that call any. */
    private Map<String, Set<String>> users(List<Function> functions) {
        Map<String, Set<String>> users = new HashMap<>();
        Set<String> bySubprograms = new HashSet<>();
        Set<String> callers = new TreeSet<>();
        Map<Section, TreeMap<Long, Function>> bySection = new HashMap<>();
        for (Function function : functions) {
            bySection.computeIfAbsent(function.section, s -> new TreeMap<>()).put(function.symbol.value(), function);
        }
        for (Section section : bySection.keySet()) {
            boolean subprograms = section.name().equals(SUBPROGRAMS);
            for (ElfFile.Relocation relocation : elf.relocations(section)) {
                Symbol symbol = elf.symbols().get(relocation.symbol());
                boolean undefined = symbol.section() == 0;
                if (subprograms) {
                    if (undefined) {
                        bySubprograms.add(symbol.name());
                    }
                    continue;
                }
                var user = bySection.get(section).floorEntry(relocation.offset());
                if (user == null || !user.getValue().holds(relocation.offset())) {
                    continue;
                }
                String program = user.getValue().symbol.name();
                if (undefined) {
                    users.computeIfAbsent(symbol.name(), n -> new TreeSet<>()).add(program);
                } else if (callsSubprogram(symbol)) {
                    callers.add(program);
                }
            }
        }
        for (String symbol : bySubprograms) {
            users.computeIfAbsent(symbol, n -> new TreeSet<>()).addAll(callers);
        }
        return users;
    }

    private boolean callsSubprogram(Symbol symbol) {
        return symbol.section() < elf.sections().size() && elf.section(symbol.section()).name().equals(SUBPROGRAMS);
    }
}
