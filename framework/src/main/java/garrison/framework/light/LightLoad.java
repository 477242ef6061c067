// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import garrison.framework.libbpf.BpfCalls;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.framework.link.LoadedProgram;
import garrison.framework.object.Owner;
import garrison.framework.object.SyscallRun;
import garrison.framework.trust.Digests;
import garrison.spi.KernelException;
import garrison.spi.ProgramInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;

/** Has the kernel load an object's programs by its signed loader program. Minimum kernel 6.18. */
public final class LightLoad {
    private static final int FAILURE = -1;
    private static final String NAME = "garrison_loader";

    private final Libbpf libbpf;
    private final Owner owner;
    private final SignedSkeleton signed;

    /** Why the kernel refused. */
    public static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;
        private final int errno;
        private final String program;

        private Refusal(String step, String program, int errno) {
            super(step, null, false, false);
            this.errno = errno;
            this.program = program;
        }

        /** Positive. */
        public int errno() {
            return errno;
        }

        /** The program that was refused; empty if it was not one of the object's. */
        public String program() {
            return program;
        }
    }

    /** For one object. */
    public LightLoad(Libbpf libbpf, Owner owner, SignedSkeleton signed) {
        this.libbpf = libbpf;
        this.owner = owner;
        this.signed = signed;
    }

    /**
     * Loads programs, all or none.
     *
     * @param programs of the object, in its order
     * @param wanted the names of those to load
     * @param map the descriptor of a map by its name
     * @param log where the verifier writes when it refuses one; may have no bytes
     * @throws Refusal with the step, or the program
     */
    public Map<String, LoadedProgram> load(String object, List<ProgramInfo> programs, Set<String> wanted, ToIntFunction<String> map,
            MemorySegment log) throws Refusal {
        LightSkeleton skeleton = signed.skeleton();
        int maps = skeleton.maps().size();
        ByteBuffer context = Metadata.words(LoaderContext.size(maps, programs.size()));
        context.putInt(LoaderContext.FAILED, LoaderContext.TYPES);
        if (log.byteSize() > 0) {
            context.putInt(LoaderContext.LOG_LEVEL, 1).putInt(LoaderContext.LOG_SIZE, (int) log.byteSize())
                    .putLong(LoaderContext.LOG, log.address());
        }
        for (int i = 0; i < maps; i++) {
            context.putInt(LoaderContext.map(i), map.applyAsInt(skeleton.maps().get(i)));
        }
        for (int i = 0; i < programs.size(); i++) {
            context.putInt(LoaderContext.wanted(maps, i), wanted.contains(programs.get(i).name()) ? 1 : 0)
                    .putInt(LoaderContext.descriptor(maps, i), FAILURE);
        }
        int data = data(skeleton);
        try {
            int loader = checked("its loader program was refused", BpfCalls.loadSigned(NAME, skeleton.code(), signed.signature(),
                    signed.keyring(), data, log));
            try {
                return run(object, loader, context, programs, wanted);
            } finally {
                Libc.close(loader);
            }
        } finally {
            Libc.close(data);
        }
    }

    /** A frozen array of what the loader program works on, its digest taken. */
    private int data(LightSkeleton skeleton) throws Refusal {
        byte[] content = skeleton.data();
        int map = checked("no map for its loader program's data", BpfCalls.createExclusiveArray(NAME, content.length, Digests.of(skeleton.code())));
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment zero = scratch.allocate(ValueLayout.JAVA_INT);
            checked("its loader program's data were not taken", libbpf.mapUpdate(map, zero, scratch.allocateFrom(JAVA_BYTE, content), 0));
            checked("its loader program's data cannot be frozen", libbpf.mapFreeze(map));
            checked("its loader program's data have no digest", BpfCalls.digestMap(map));
            return map;
        } catch (Refusal e) {
            Libc.close(map);
            throw e;
        }
    }

    private Map<String, LoadedProgram> run(String object, int loader, ByteBuffer context, List<ProgramInfo> programs, Set<String> wanted)
            throws Refusal {
        int result;
        try {
            result = SyscallRun.run(libbpf, owner, loader, NAME, context.array());
        } catch (KernelException e) {
            throw new Refusal("its loader program was not run", "", e.errno());
        }
        int maps = signed.skeleton().maps().size();
        Map<String, LoadedProgram> loaded = new LinkedHashMap<>();
        for (int i = 0; i < programs.size(); i++) {
            int fd = context.getInt(LoaderContext.descriptor(maps, i));
            if (fd >= 0) {
                ProgramInfo info = programs.get(i);
                loaded.put(info.name(), new SignedProgram(fd, info, ProgramKind.of(object, info)));
            }
        }
        if (result < 0 || loaded.size() != wanted.size()) {
            loaded.values().forEach(program -> Libc.close(program.fd()));
            int failed = context.getInt(LoaderContext.FAILED);
            throw new Refusal(failed == LoaderContext.TYPES ? "its types, or its data as not those that were signed, were refused" : "",
                    failed < 0 || failed >= programs.size() ? "" : programs.get(failed).name(), -result);
        }
        return loaded;
    }

    private static int checked(String step, int result) throws Refusal {
        if (result < 0) {
            throw new Refusal(step, "", -result);
        }
        return result;
    }
}
