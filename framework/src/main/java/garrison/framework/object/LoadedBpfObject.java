// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.btf.Btf;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.link.HookPlan;
import garrison.framework.link.KernelLink;
import garrison.framework.link.LibbpfProgram;
import garrison.framework.link.Link;
import garrison.framework.link.LoadedProgram;
import garrison.framework.link.Strategy;
import garrison.spi.BpfMap;
import garrison.spi.KernelException;
import garrison.spi.LoadedObject;
import garrison.spi.ProgramInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * An object in the kernel. Closing it does not detach: a link holds its program by itself, so close the links first. Safe for
 * use by several threads; after {@link #close()} everything, its maps included, throws {@link IllegalStateException}.
 */
public final class LoadedBpfObject implements LoadedObject, AutoCloseable {
    /** The first fields of struct bpf_prog_info: type, id. */
    private static final int INFO_SIZE = 64;
    private static final long INFO_ID = 4;
    /** The same up to run_time_ns and run_cnt. */
    private static final int INFO_RUNS_SIZE = 208;
    private static final long INFO_RUN_TIME = 192;
    private static final long INFO_RUN_COUNT = 200;
    /** union bpf_iter_link_info's task: tid, pid, pid_fd. */
    private static final int ITERATOR_INFO_SIZE = 16;

    private final Libbpf libbpf;
    private final BpfSpec spec;
    private final Owner owner;
    private final ObjectHandle handle;
    private final List<ProgramInfo> programs;
    private final HookPlan plan;
    private final Set<String> kept;
    /** What a signed program loaded; empty when libbpf did. */
    private final Map<String, ? extends LoadedProgram> loaded;
    private final Map<String, KernelMap> maps = new LinkedHashMap<>();

    LoadedBpfObject(Libbpf libbpf, BpfSpec spec, Owner owner, ObjectHandle handle, List<ProgramInfo> programs,
            Map<String, Integer> sizes, HookPlan plan, Set<String> kept, Map<String, ? extends LoadedProgram> loaded) {
        this.libbpf = libbpf;
        this.spec = spec;
        this.owner = owner;
        this.handle = handle;
        this.programs = programs;
        this.plan = plan;
        this.kept = kept;
        this.loaded = loaded;
        for (MapSpec map : spec.maps()) {
            maps.put(map.name(), handle.alone(object -> openMap(object, map)));
        }
    }

    private KernelMap openMap(MemorySegment object, MapSpec map) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment found = libbpf.objectFindMap(object, scratch.allocateFrom(map.name()));
            int fd = found.address() == 0 ? -1 : libbpf.mapFd(found);
            if (fd < 0) {
                throw new KernelException("plugin " + owner.plugin() + ": " + spec.name() + ": map " + map.name()
                        + " was not created", -fd);
            }
            // libbpf may have chosen the size: the number of CPUs, or a ring buffer's whole pages.
            MapSpec actual = new MapSpec(map.name(), map.type(), map.keySize(), map.valueSize(),
                    libbpf.mapMaxEntries(found), map.flags(), map.inner());
            return new KernelMap(libbpf, owner, handle, actual, fd);
        }
    }

    @Override
    public List<ProgramInfo> programs() {
        return programs;
    }

    @Override
    public BpfMap map(String name) {
        return kernelMap(name);
    }

    private KernelMap kernelMap(String name) {
        KernelMap map = maps.get(name);
        if (map == null) {
            throw new IllegalArgumentException(spec.name() + " has no map '" + name + "'; it has " + maps.keySet());
        }
        return map;
    }

    /**
     * The file descriptor of a map, owned by this object: of no use after {@link #close()}.
     *
     * @throws IllegalArgumentException if there is no such map
     */
    public int mapFd(String name) {
        return handle.whileOpen(kernelMap(name)::fd);
    }

    /** Maps whose contents go over to the next run. */
    public Set<String> kept() {
        return kept;
    }

    /** Whether the object declares a map of this name. */
    public boolean hasMap(String name) {
        return maps.containsKey(name);
    }

    /** The object's own type information. */
    public Btf btf() {
        return spec.btf();
    }

    /** What it was loaded from. */
    public BpfSpec spec() {
        return spec;
    }

    /** Where its programs are. */
    public HookPlan plan() {
        return plan;
    }

    /** Who owns it. */
    public Owner owner() {
        return owner;
    }

    /** The kernel's id of a loaded program, as bpftool shows it. */
    public long programId(String program) {
        return info(program, INFO_SIZE, info -> Integer.toUnsignedLong(info.get(JAVA_INT, INFO_ID)));
    }

    /**
     * What a loaded program has cost so far. Counted only while the kernel's statistics are on.
     *
     * @since kernel 5.1
     */
    public ProgramRuns runs(String program) {
        return info(program, INFO_RUNS_SIZE, info -> new ProgramRuns(info.get(JAVA_LONG, INFO_RUN_COUNT), info.get(JAVA_LONG, INFO_RUN_TIME)));
    }

    private <T> T info(String program, int size, Function<MemorySegment, T> read) {
        return handle.alone(object -> {
            try (Arena scratch = Arena.ofConfined()) {
                MemorySegment info = scratch.allocate(size, 8);
                int result = libbpf.infoByFd(find(object, program).fd(), info);
                if (result < 0) {
                    throw error("program " + program + " cannot be looked at", result);
                }
                return read.apply(info);
            }
        });
    }

    private LoadedProgram find(MemorySegment object, String program) {
        if (programs.stream().noneMatch(p -> p.name().equals(program))) {
            throw new IllegalArgumentException(spec.name() + ": program '" + program + "' is not loaded; loaded are "
                    + programs.stream().map(ProgramInfo::name).toList());
        }
        String present = plan.of(program) instanceof Strategy.StandIn(ProgramInfo other) ? other.name() : program;
        LoadedProgram byTheKernel = loaded.get(present);
        if (byTheKernel != null) {
            return byTheKernel;
        }
        try (Arena scratch = Arena.ofConfined()) {
            return new LibbpfProgram(libbpf, libbpf.objectFindProgram(object, scratch.allocateFrom(present)));
        }
    }

    private KernelException error(String problem, int result) {
        return new KernelException("plugin " + owner.plugin() + ": " + problem + " on kernel " + owner.kernelRelease() + ": "
                + libbpf.words(result) + " (errno " + -result + ")", -result);
    }

    /**
     * Attaches a program as its section says, or where the plan put it.
     *
     * @throws KernelException if the kernel refuses
     * @throws IllegalArgumentException if the program is not loaded
     * @since kernel 5.7 (LSM), 5.11 (sleepable), 5.5 (fentry), 5.7 (fmod_ret), 5.8 (iterators)
     */
    public Link attach(ProgramInfo program) {
        return handle.alone(object ->
                KernelLink.attach(libbpf, find(object, program.name()), program, owner, plan.of(program.name())));
    }

    /**
     * Attaches an {@code iter/task*} program that sees one process only.
     *
     * @param pid the process, all its threads included
     * @throws KernelException if the kernel refuses
     * @since kernel 6.1
     */
    public Link attachTaskIterator(ProgramInfo program, int pid) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment info = scratch.allocate(ITERATOR_INFO_SIZE, 8);
            info.set(JAVA_INT, 4, pid);
            return handle.alone(object -> KernelLink.attach(libbpf, find(object, program.name()), program, owner, info));
        }
    }

    @Override
    public Attachment attachAt(String program, String function, long offset, long cookie) {
        return handle.alone(object -> {
            LoadedProgram loaded = find(object, program);
            ProgramInfo info = spec.program(program).orElseThrow();
            return KernelLink.attachAt(libbpf, loaded, info, owner, function, offset, cookie)::close;
        });
    }

    @Override
    public int run(String program, byte[] context) {
        int fd = programFd(program);
        return handle.whileOpen(() -> SyscallRun.run(libbpf, owner, fd, program, context));
    }

    /**
     * The file descriptor of a loaded program, owned by this object: of no use after {@link #close()}.
     *
     * @throws IllegalArgumentException if it is not loaded
     */
    public int programFd(String program) {
        return handle.alone(object -> find(object, program).fd());
    }

    @Override
    public void close() {
        handle.close();
    }
}
