// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.framework.object.Owner;
import garrison.spi.BpfProgram;
import garrison.spi.KernelException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;

/** All BPF programs in the kernel, by a walk over their ids. */
public final class KernelPrograms {
    /** struct bpf_prog_info up to its name. */
    private static final int INFO_SIZE = 80;
    private static final long LOADED = 40;
    private static final long UID = 48;
    private static final long NAME = 64;
    private static final Path DESCRIPTORS = Path.of("/proc/self/fdinfo");
    private static final String PROGRAM = "prog_id:";

    private KernelPrograms() {}

    /**
     * Lists them. One that goes meanwhile is left out.
     *
     * @param time of a kernel's time stamp
     * @param owner on whose behalf, for the error
     * @throws KernelException if the kernel does not tell them
     */
    public static List<BpfProgram> all(Libbpf libbpf, LongFunction<Instant> time, Owner owner) {
        Set<Long> own = own();
        List<BpfProgram> programs = new ArrayList<>();
        int id = libbpf.nextProgram(0);
        while (id > 0) {
            program(libbpf, id, time, own, programs);
            id = libbpf.nextProgram(id);
        }
        if (id != -Libc.ENOENT) {
            throw new KernelException("plugin " + owner.plugin() + ": the BPF programs of kernel " + owner.kernelRelease() + " cannot be listed: "
                    + libbpf.words(id) + " (errno " + -id + ")", -id);
        }
        return programs;
    }

    private static void program(Libbpf libbpf, int id, LongFunction<Instant> time, Set<Long> own, List<BpfProgram> programs) {
        int fd = libbpf.programById(id);
        if (fd < 0) {
            return;
        }
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment info = scratch.allocate(INFO_SIZE, 8);
            if (libbpf.infoByFd(fd, info) >= 0) {
                long unsigned = Integer.toUnsignedLong(id);
                programs.add(new BpfProgram(unsigned, info.getString(NAME), BpfTypes.programName(info.get(JAVA_INT, 0)),
                        time.apply(info.get(JAVA_LONG, LOADED)), Integer.toUnsignedLong(info.get(JAVA_INT, UID)), own.contains(unsigned)));
            }
        } finally {
            Libc.close(fd);
        }
    }

    /** What this process holds, by its descriptors of programs and of links. */
    private static Set<Long> own() {
        Set<Long> own = new HashSet<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path descriptor : descriptors) {
                id(descriptor, own);
            }
        } catch (IOException e) {
            // Without /proc nothing counts as own, which tells too much rather than too little.
            return Set.of();
        }
        return own;
    }

    private static void id(Path descriptor, Set<Long> own) {
        try {
            for (String line : Files.readAllLines(descriptor)) {
                if (line.startsWith(PROGRAM)) {
                    own.add(Long.parseLong(line.substring(PROGRAM.length()).strip()));
                }
            }
        } catch (IOException e) {
            // It was closed meanwhile.
        }
    }
}
