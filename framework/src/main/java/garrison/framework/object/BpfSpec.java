// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import garrison.framework.btf.Btf;
import garrison.framework.btf.BtfVariable;
import garrison.spi.ObjectFormatException;
import garrison.spi.ProgramInfo;
import java.util.List;
import java.util.Optional;

/**
 * What an object's ELF says, read without the kernel. Everything that can be refused from here is refused here, with words.
 *
 * @param name the object's name, for errors
 * @param licence the text in its {@code license} section
 * @param programs in the order of the ELF
 * @param maps as declared in {@code .maps}
 * @param externs kernel functions and variables it wants
 * @param constants the variables of {@code .rodata}, offsets resolved
 * @param btf its type information
 */
public record BpfSpec(String name, String licence, List<ProgramInfo> programs, List<MapSpec> maps, List<ExternSpec> externs,
        List<BtfVariable> constants, Btf btf) {
    /** Copies the lists. */
    public BpfSpec {
        programs = List.copyOf(programs);
        maps = List.copyOf(maps);
        externs = List.copyOf(externs);
        constants = List.copyOf(constants);
    }

    /**
     * Reads an object.
     *
     * @param objectName how errors call it
     * @param elf the whole file
     * @throws ObjectFormatException if it is truncated, not ELF, not BPF, big-endian, has no programs, no BTF, no licence, or
     *     has LSM programs and a licence that is not compatible with the GPL
     */
    public static BpfSpec parse(String objectName, byte[] elf) {
        return new SpecReader(objectName, elf).read();
    }

    /** A declared map by its name. */
    public Optional<MapSpec> map(String mapName) {
        return maps.stream().filter(m -> m.name().equals(mapName)).findFirst();
    }

    /** A program by its name. */
    public Optional<ProgramInfo> program(String programName) {
        return programs.stream().filter(p -> p.name().equals(programName)).findFirst();
    }

    /** A constant by its name. */
    public Optional<BtfVariable> constant(String variable) {
        return constants.stream().filter(v -> v.name().equals(variable)).findFirst();
    }
}
