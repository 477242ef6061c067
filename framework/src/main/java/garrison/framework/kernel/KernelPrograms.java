// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.framework.object.Owner;
import garrison.spi.BpfProgram;
import garrison.spi.BpfPrograms;
import garrison.spi.BpfRemoval;
import garrison.spi.KernelException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongFunction;

/** All BPF programs in the kernel, by a walk over their ids. */
public final class KernelPrograms implements BpfPrograms {
    /** struct bpf_prog_info up to its name. */
    private static final int INFO_SIZE = 80;
    private static final long LOADED = 40;
    private static final long UID = 48;
    private static final long NAME = 64;
    private static final Path DESCRIPTORS = Path.of("/proc/self/fdinfo");
    private static final String PROGRAM = "prog_id:";

    /** A walk holds others' programs for a moment, which another walk in this process must not take for its own. */
    private static final Object WALK = new Object();

    private final Libbpf libbpf;
    private final LongFunction<Instant> time;
    private final Owner owner;

    /**
     * Looks at nothing yet.
     *
     * @param time of a kernel's time stamp
     * @param owner on whose behalf, for errors
     */
    public KernelPrograms(Libbpf libbpf, LongFunction<Instant> time, Owner owner) {
        this.libbpf = libbpf;
        this.time = time;
        this.owner = owner;
    }

    /** One that goes meanwhile is left out. */
    @Override
    public List<BpfProgram> all() {
        synchronized (WALK) {
            return walk();
        }
    }

    private List<BpfProgram> walk() {
        Set<Long> own = held(DESCRIPTORS);
        List<BpfProgram> programs = new ArrayList<>();
        int id = libbpf.nextProgram(0);
        while (id > 0) {
            program(id, own, programs);
            id = libbpf.nextProgram(id);
        }
        ended("programs", id);
        return programs;
    }

    /** After the last one of a walk over ids. */
    private void ended(String what, int result) {
        if (result != -Libc.ENOENT) {
            throw new KernelException("plugin " + owner.plugin() + ": the BPF " + what + " of kernel " + owner.kernelRelease()
                    + " cannot be listed: " + libbpf.words(result) + " (errno " + -result + ")", -result);
        }
    }

    @Override
    public List<BpfRemoval> remove(Collection<BpfProgram> programs) {
        synchronized (WALK) {
            ProgramRemoval removal = new ProgramRemoval(libbpf, programs.stream().map(BpfProgram::id).toList());
            removal.unpin();
            ended("links", removal.detach());
            return removal.outcome();
        }
    }

    private void program(int id, Set<Long> own, List<BpfProgram> programs) {
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

    /** What a process holds, by its descriptors of programs and of links: {@code /proc/PID/fdinfo}. */
    static Set<Long> held(Path descriptors) {
        Set<Long> held = new HashSet<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(descriptors)) {
            for (Path descriptor : all) {
                program(descriptor).ifPresent(held::add);
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Without /proc nothing counts as held, which tells too much rather than too little. A process may end meanwhile.
            return held;
        }
        return held;
    }

    /** The program that a descriptor is of, itself or as a link; empty for others, and for one that was closed meanwhile. */
    static OptionalLong program(Path descriptor) {
        try {
            for (String line : Files.readAllLines(descriptor)) {
                if (line.startsWith(PROGRAM)) {
                    return OptionalLong.of(Long.parseLong(line.substring(PROGRAM.length()).strip()));
                }
            }
        } catch (IOException e) {
            return OptionalLong.empty();
        }
        return OptionalLong.empty();
    }
}
