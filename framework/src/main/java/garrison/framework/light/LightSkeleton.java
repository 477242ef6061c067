// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import garrison.framework.object.BpfSpec;
import garrison.spi.ObjectFormatException;
import garrison.spi.ProgramInfo;
import java.util.List;

/**
 * An object as a loader program and what it works on. The program is what is signed, and holds the digest of the rest: all instructions,
 * types and attributes of the object's programs. What the one who runs it says is which maps, and which of the programs.
 *
 * <p>The same object gives the same bytes, always: a signature made on one machine fits on every other.
 *
 * @param code the loader program's instructions, of type {@code BPF_PROG_TYPE_SYSCALL} and sleepable
 * @param data the only value of its first map, an array that is exclusive to it and frozen
 * @param programs in the order of the context
 * @param maps their names, in the order of the context; those of data are named as their sections
 */
public record LightSkeleton(byte[] code, byte[] data, List<String> programs, List<String> maps) {
    /** Copies the lists. */
    public LightSkeleton {
        programs = List.copyOf(programs);
        maps = List.copyOf(maps);
    }

    /**
     * Makes it. Nothing of this machine goes into it.
     *
     * @param spec of the same bytes
     * @param object the whole file
     * @throws ObjectFormatException if it has what a light skeleton cannot have: a program of another kind, or a variable of the kernel
     */
    public static LightSkeleton of(BpfSpec spec, byte[] object) {
        ObjectLinker linker = new ObjectLinker(spec, object);
        List<LinkedProgram> programs = linker.link();
        LoaderProgram loader = new LoaderProgram(spec, linker.types(), programs, linker.maps());
        return new LightSkeleton(loader.code(), loader.data(), spec.programs().stream().map(ProgramInfo::name).toList(), linker.maps());
    }
}
