// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.btf.BtfVariable;
import garrison.framework.libbpf.Handle;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.LibbpfLog;
import garrison.framework.libbpf.Libc;
import garrison.framework.light.LightLoad;
import garrison.framework.light.SignedSkeleton;
import garrison.framework.link.HookPlan;
import garrison.framework.link.LoadedProgram;
import garrison.framework.link.Strategy;
import garrison.spi.KernelException;
import garrison.spi.LayoutException;
import garrison.spi.ObjectFormatException;
import garrison.spi.ObjectSetup;
import garrison.spi.ProgramInfo;
import garrison.spi.VerifierException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * An object that libbpf has opened and the kernel has not seen. For one thread at a time.
 *
 * <p>An object with the constant {@value #XATTR_NO_DECISION} is not loaded before someone has set it: its right value
 * depends on the kernel, see {@code RunningKernel.setConstants}, and the wrong one opens a hole.
 */
public final class OpenObject implements ObjectSetup, AutoCloseable {
    /** The constant by which setxattr programs decide nothing, see {@code garrison.bpf.h}. */
    public static final String XATTR_NO_DECISION = "garrison_xattr_no_decision";

    /** struct bpf_object_open_opts as of libbpf 1.0; a newer library takes the shorter form, that is what sz is for. */
    private static final int OPTIONS_SIZE = 80;
    private static final long OPTIONS_NAME = 8;
    private static final long OPTIONS_LOG = 56;
    private static final long OPTIONS_LOG_SIZE = 64;

    private final Libbpf libbpf;
    private final BpfSpec spec;
    private final Owner owner;
    private final Arena memory;
    private final VerifierLog verifierLog;
    private final ObjectHandle handle;
    private final Map<String, Boolean> loads = new LinkedHashMap<>();
    private final Map<String, Integer> sizes = new HashMap<>();
    private HookPlan plan = HookPlan.declared();
    private final Set<String> kept = new TreeSet<>();
    private Optional<SignedSkeleton> skeleton = Optional.empty();
    private boolean noDecisionSet;
    private boolean used;

    private OpenObject(Libbpf libbpf, BpfSpec spec, byte[] elf, Owner owner, Arena memory, VerifierLog verifierLog) {
        this.libbpf = libbpf;
        this.spec = spec;
        this.owner = owner;
        this.memory = memory;
        this.verifierLog = verifierLog;
        MemorySegment options = memory.allocate(OPTIONS_SIZE, 8);
        options.set(JAVA_LONG, 0, OPTIONS_SIZE);
        options.set(ADDRESS, OPTIONS_NAME, memory.allocateFrom(shortName(spec.name())));
        options.set(ADDRESS, OPTIONS_LOG, verifierLog.buffer());
        options.set(JAVA_LONG, OPTIONS_LOG_SIZE, verifierLog.buffer().byteSize());
        try (LibbpfLog log = LibbpfLog.begin()) {
            Handle object = libbpf.objectOpenMem(memory.allocateFrom(JAVA_BYTE, elf), options);
            if (object.failed()) {
                throw new KernelException("plugin " + owner.plugin() + ": libbpf " + libbpf.version() + " cannot open "
                        + spec.name() + ": " + libbpf.words(object.errno()) + log.appendix(), object.errno());
            }
            handle = new ObjectHandle(spec.name(), libbpf, object.address());
        }
        spec.programs().forEach(program -> loads.put(program.name(), !program.optional()));
    }

    /**
     * Opens an object.
     *
     * @param spec of the same bytes
     * @param elf the whole file
     * @param owner named in every error
     * @throws KernelException if libbpf refuses it
     */
    public static OpenObject open(Libbpf libbpf, BpfSpec spec, byte[] elf, Owner owner) {
        VerifierLog log = new VerifierLog(owner);
        Arena memory = Arena.ofShared();
        try {
            return new OpenObject(libbpf, spec, elf, owner, memory, log);
        } catch (RuntimeException e) {
            memory.close();
            log.close();
            throw e;
        }
    }

    /** What libbpf names the object: its maps of data sections begin with it in bpftool's list. */
    private static String shortName(String name) {
        int dot = name.indexOf('.');
        String base = (dot < 0 ? name : name.substring(0, dot)).replaceAll("[^A-Za-z0-9_]", "_");
        return base.length() > 15 ? base.substring(0, 15) : base;
    }

    @Override
    public List<ProgramInfo> programs() {
        return spec.programs();
    }

    @Override
    public void load(String program, boolean load) {
        if (!loads.containsKey(program)) {
            throw new IllegalArgumentException(spec.name() + " has no program '" + program + "'; it has " + loads.keySet());
        }
        autoload(program, load);
        loads.put(program, load);
    }

    /** Whether libbpf is to load it. */
    private void autoload(String program, boolean load) {
        handle.alone(object -> {
            int result = libbpf.programSetAutoload(find(object, program), load);
            if (result < 0) {
                throw new KernelException("plugin " + owner.plugin() + ": program " + program + " cannot be switched: "
                        + libbpf.words(result), -result);
            }
            return result;
        });
    }

    private MemorySegment find(MemorySegment object, String program) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment found = libbpf.objectFindProgram(object, scratch.allocateFrom(program));
            if (found.address() == 0) {
                throw new ObjectFormatException(spec.name(), "damaged: libbpf " + libbpf.version() + " sees no program '" + program
                        + "' in it");
            }
            return found;
        }
    }

    /**
     * Gives programs other places than their sections say, see {@link HookPlan}. Those not served are not loaded.
     *
     * @throws KernelException if libbpf refuses
     */
    public void place(HookPlan next) {
        plan = next;
        next.places().forEach((program, strategy) -> {
            switch (strategy) {
                case Strategy.Declared _ -> { }
                case Strategy.Elsewhere elsewhere -> retarget(program, elsewhere);
                case Strategy.StandIn(ProgramInfo other) -> {
                    load(program, false);
                    load(other.name(), true);
                }
                case Strategy.Unserved _ -> load(program, false);
            }
        });
    }

    /** Where its programs are to be. */
    public HookPlan plan() {
        return plan;
    }

    private void retarget(String program, Strategy.Elsewhere place) {
        int fentry = 24;
        int modifyReturn = 26;
        handle.alone(object -> {
            try (Arena scratch = Arena.ofConfined(); LibbpfLog log = LibbpfLog.begin()) {
                int result = libbpf.programRetarget(find(object, program),
                        place.kind().equals("fentry") ? fentry : modifyReturn, scratch.allocateFrom(place.function()));
                if (result < 0) {
                    throw new KernelException("plugin " + owner.plugin() + ": program " + program + " cannot be put at "
                            + place.kind() + "/" + place.function() + ": " + libbpf.words(result) + log.appendix(), -result);
                }
                return result;
            }
        });
    }

    /** Whether a program is to be loaded as things stand. */
    public boolean loads(String program) {
        return loads.getOrDefault(program, false);
    }

    @Override
    public void constant(String variable, long value) {
        BtfVariable constant = spec.constant(variable).orElseThrow(() -> new IllegalArgumentException(spec.name()
                + " has no constant '" + variable + "'; it has "
                + spec.constants().stream().map(BtfVariable::name).toList()));
        if (!constant.integer() || constant.size() > Long.BYTES || !fits(value, constant)) {
            throw new IllegalArgumentException(spec.name() + ": " + value + " does not fit the constant "
                    + constant.type() + " " + variable);
        }
        byte[] bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
        handle.alone(object -> {
            try (Arena scratch = Arena.ofConfined()) {
                MemorySegment map = libbpf.objectFindMap(object, scratch.allocateFrom(".rodata"));
                MemorySegment section = map.address() == 0 ? map : libbpf.mapInitialValue(map);
                MemorySegment.copy(bytes, 0, section, JAVA_BYTE, constant.offset(), constant.size());
                return section;
            }
        });
        noDecisionSet |= variable.equals(XATTR_NO_DECISION);
    }

    private static boolean fits(long value, BtfVariable constant) {
        int bits = 8 * constant.size();
        return bits == Long.SIZE || constant.type().equals("bool") && (value & ~1) == 0
                || !constant.type().equals("bool") && (constant.signed()
                        ? value >> bits - 1 == 0 || value >> bits - 1 == -1 : value >>> bits == 0);
    }

    @Override
    public void maxEntries(String map, int entries) {
        if (spec.map(map).isEmpty()) {
            throw new IllegalArgumentException(spec.name() + " has no map '" + map + "'; it has "
                    + spec.maps().stream().map(MapSpec::name).toList());
        }
        if (entries < 1) {
            throw new IllegalArgumentException("map " + map + ": " + entries + " entries; at least 1");
        }
        handle.alone(object -> {
            try (Arena scratch = Arena.ofConfined()) {
                int result = libbpf.mapSetMaxEntries(libbpf.objectFindMap(object, scratch.allocateFrom(map)), entries);
                if (result < 0) {
                    throw new KernelException("plugin " + owner.plugin() + ": map " + map + " cannot have " + entries
                            + " entries: " + libbpf.words(result), -result);
                }
                return result;
            }
        });
        sizes.put(map, entries);
    }

    @Override
    public void keep(String map) {
        if (spec.map(map).isEmpty()) {
            throw new IllegalArgumentException(spec.name() + " has no map '" + map + "'; it has "
                    + spec.maps().stream().map(MapSpec::name).toList());
        }
        kept.add(map);
    }

    /** Maps whose contents are to be kept, see {@link ObjectSetup#keep}. */
    public Set<String> kept() {
        return Set.copyOf(kept);
    }

    /**
     * Has an existing map take the place of a declared one, with all that it holds.
     *
     * @param map the declared map
     * @param fd of the existing one; copied
     * @throws LayoutException if type, key, value or flags differ
     */
    public void reuse(String map, int fd) {
        MapSpec declared = spec.map(map).orElseThrow();
        try (Arena scratch = Arena.ofConfined()) {
            MapSpec existing = PinnedMap.spec(libbpf, owner, map, fd, scratch.allocate(24, 8));
            if (existing.type() != declared.type() || existing.keySize() != declared.keySize()
                    || existing.valueSize() != declared.valueSize() || existing.flags() != declared.flags()) {
                throw new LayoutException("plugin " + owner.plugin() + ": map " + map + " is kept over restarts, but " + spec.name()
                        + " declares another layout (" + layout(declared) + ") than the one in the kernel (" + layout(existing)
                        + "): stop the plugin in good order before this version of it is started, or give the map a new name");
            }
            handle.alone(object -> {
                int result = libbpf.mapReuse(libbpf.objectFindMap(object, scratch.allocateFrom(map)), fd);
                if (result < 0) {
                    throw new KernelException("plugin " + owner.plugin() + ": map " + map + " cannot be taken over: "
                            + libbpf.words(result), -result);
                }
                return result;
            });
        }
    }

    private static String layout(MapSpec map) {
        return "type " + map.type() + ", key " + map.keySize() + ", value " + map.valueSize() + ", flags " + map.flags();
    }

    /**
     * Has the programs loaded by a signed program, in the kernel, in place of by libbpf. None may have another place than its own: what it
     * is verified against is signed, too.
     *
     * @param signed of the same object
     * @since kernel 6.18
     */
    public void signed(SignedSkeleton signed) {
        skeleton = Optional.of(signed);
    }

    /**
     * Loads maps and programs into the kernel. This open object is used up, whatever the outcome. It takes as long as the
     * verifier does: milliseconds for a small program, seconds for one with many branches.
     *
     * @throws VerifierException if the verifier rejects a program
     * @throws KernelException if something else fails
     */
    public LoadedBpfObject load() {
        if (used) {
            throw new IllegalStateException(spec.name() + " was loaded or closed before");
        }
        if (spec.constant(XATTR_NO_DECISION).isPresent() && !noDecisionSet) {
            throw new IllegalStateException(spec.name() + ": set the constant " + XATTR_NO_DECISION
                    + " before load (RunningKernel.setConstants)");
        }
        used = true;
        try (memory; verifierLog; LibbpfLog log = LibbpfLog.begin()) {
            Set<String> wanted = loads.keySet().stream().filter(this::loads).collect(Collectors.toSet());
            skeleton.ifPresent(_ -> wanted.forEach(program -> autoload(program, false)));
            int result = handle.alone(libbpf::objectLoad);
            if (result < 0) {
                throw failure(-result, VerifierLog.failedProgram(log.warnings()), "", log.appendix());
            }
            Map<String, LoadedProgram> loaded = skeleton.map(signed -> loadSigned(signed, wanted)).orElse(Map.of());
            handle.closing(() -> loaded.values().forEach(program -> Libc.close(program.fd())));
            List<ProgramInfo> served = spec.programs().stream().filter(p -> plan.of(p.name()) instanceof Strategy.StandIn
                    || loads(p.name()) && !plan.isStandIn(p)).toList();
            return new LoadedBpfObject(libbpf, spec, owner, handle, served, Map.copyOf(sizes), plan, kept(), loaded);
        } catch (RuntimeException e) {
            handle.close();
            throw e;
        }
    }

    private Map<String, LoadedProgram> loadSigned(SignedSkeleton signed, Set<String> wanted) {
        LightLoad load = new LightLoad(libbpf, owner, signed);
        try {
            return load.load(spec.name(), spec.programs(), wanted, this::dataOrMapFd, MemorySegment.NULL);
        } catch (LightLoad.Refusal first) {
            // Once more for the verifier's words: with a log from the start a load can fail for want of room in it.
            try {
                load.load(spec.name(), spec.programs(), wanted, this::dataOrMapFd, verifierLog.buffer())
                        .values().forEach(program -> Libc.close(program.fd()));
            } catch (LightLoad.Refusal _) {
                // The same again; what counts is the log.
            }
            throw failure(first.errno(), first.program(), "checked by the kernel" + (first.getMessage().isEmpty() ? "" : ", " + first.getMessage()) + ": ", "");
        }
    }

    private int dataOrMapFd(String map) {
        return handle.alone(object -> {
            try (Arena scratch = Arena.ofConfined()) {
                return libbpf.mapFd(libbpf.objectFindMap(object, scratch.allocateFrom(map)));
            }
        });
    }

    /**
     * What went wrong.
     *
     * @param name the program that was refused; empty if none was
     * @param step what was being done; empty, or with a colon behind it
     */
    private KernelException failure(int errno, String name, String step, String appendix) {
        String words = step + libbpf.words(errno) + " (errno " + errno + ")";
        String text = verifierLog.text();
        if (name.isEmpty()) {
            return new KernelException("plugin " + owner.plugin() + ": " + spec.name() + " cannot be loaded on kernel "
                    + owner.kernelRelease() + ": " + words + remedy(errno) + appendix, errno);
        }
        String program = "plugin " + owner.plugin() + ": program " + name + " ("
                + spec.program(name).map(ProgramInfo::section).orElse("?") + ") of " + spec.name();
        if (text.isBlank()) {
            return new KernelException(program + " was refused by kernel " + owner.kernelRelease() + ": " + words
                    + remedy(errno), errno);
        }
        return new VerifierException(program + " was rejected by the verifier of kernel " + owner.kernelRelease() + ": "
                + VerifierLog.decisiveLine(text) + "; " + words + lockdown(text), errno, name, text);
    }

    /** The verifier speaks as if there were no such helper. */
    private static String lockdown(String text) {
        String line = VerifierLog.decisiveLine(text);
        return line.contains("func bpf_probe_read") || line.contains("helper bpf_probe_read")
                ? "; with lockdown=confidentiality (/sys/kernel/security/lockdown) no program may read kernel memory" : "";
    }

    private static String remedy(int errno) {
        return errno == Libc.EPERM
                ? "; loading BPF programs needs root (CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN) and no lockdown" : "";
    }

    /** Frees it; does nothing after {@link #load()}. */
    @Override
    public void close() {
        if (!used) {
            used = true;
            handle.close();
            memory.close();
            verifierLog.close();
        }
    }
}
