// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import garrison.spi.GarrisonException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * The loaded libbpf.so.1, any version from 1.0 on. One method a C function, in C's order of arguments; results of type
 * {@code int} are zero or more, or minus errno (libbpf 1 returns it, there is no need to look at errno); functions that make
 * something return a {@link Handle}. Pointers to opaque structs stay {@link MemorySegment}s of size 0.
 *
 * <p>Safety: a pointer must be used only before the call that frees it, and by one thread at a time. This class cannot check
 * it; {@code garrison.framework.object} and {@code .link} do.
 *
 * <p>The library is never unloaded: libbpf holds our log callback, other threads may be inside it.
 */
public final class Libbpf {
    /** The kernel's inner "not supported", which the C library has no words for. It is not ENOTSUP, which is 95. */
    public static final int ENOTSUPP = 524;

    private static final String LIBRARY = "libbpf.so.1";
    private static final int FIRST_OWN_ERROR = 4000;

    private final SymbolLookup symbols;
    private final String version;

    private final MemorySegment strerror;
    private final MemorySegment possibleCpus;
    private final MemorySegment objectOpenMem;
    private final MemorySegment objectLoad;
    private final MemorySegment objectClose;
    private final MemorySegment objectFindProgram;
    private final MemorySegment objectFindMap;
    private final MemorySegment programSetAutoload;
    private final MemorySegment programFd;
    private final MemorySegment programAttach;
    private final MemorySegment programAttachIter;
    private final MemorySegment programAttachTrace;
    private final MemorySegment programAttachCgroup;
    private final MemorySegment programAttachPerf;
    private final MemorySegment programAttachKprobe;
    private final MemorySegment programSetType;
    private final MemorySegment programSetExpected;
    private final MemorySegment programSetTarget;
    private final MemorySegment linkFd;
    private final MemorySegment linkDestroy;
    private final MemorySegment iterCreate;
    private final MemorySegment linkNextId;
    private final MemorySegment linkFdById;
    private final MemorySegment progFdById;
    private final MemorySegment progNextId;
    private final MemorySegment mapFd;
    private final MemorySegment mapSetMaxEntries;
    private final MemorySegment mapMaxEntries;
    private final MemorySegment mapInitialValue;
    private final MemorySegment mapUpdate;
    private final MemorySegment mapLookup;
    private final MemorySegment mapDelete;
    private final MemorySegment mapUpdateBatch;
    private final MemorySegment mapFreeze;
    private final MemorySegment mapCreate;
    private final MemorySegment progLoad;
    private final MemorySegment progTestRun;
    private final MemorySegment infoByFd;
    private final MemorySegment enableStats;
    private final MemorySegment probeProgramType;
    private final MemorySegment probeMapType;
    private final MemorySegment objectPin;
    private final MemorySegment objectGet;
    private final MemorySegment mapReuse;
    private final MemorySegment ringNew;
    private final MemorySegment ringPoll;
    private final MemorySegment ringConsume;
    private final MemorySegment ringFree;

    private Libbpf(SymbolLookup symbols) {
        this.symbols = symbols;
        strerror = required("libbpf_strerror");
        possibleCpus = required("libbpf_num_possible_cpus");
        objectOpenMem = required("bpf_object__open_mem");
        objectLoad = required("bpf_object__load");
        objectClose = required("bpf_object__close");
        objectFindProgram = required("bpf_object__find_program_by_name");
        objectFindMap = required("bpf_object__find_map_by_name");
        programSetAutoload = required("bpf_program__set_autoload");
        programFd = required("bpf_program__fd");
        programAttach = required("bpf_program__attach");
        programAttachIter = required("bpf_program__attach_iter");
        programAttachTrace = required("bpf_program__attach_trace");
        programAttachCgroup = required("bpf_program__attach_cgroup");
        programAttachPerf = required("bpf_program__attach_perf_event");
        programAttachKprobe = required("bpf_program__attach_kprobe_opts");
        programSetType = required("bpf_program__set_type");
        programSetExpected = required("bpf_program__set_expected_attach_type");
        programSetTarget = required("bpf_program__set_attach_target");
        linkFd = required("bpf_link__fd");
        linkDestroy = required("bpf_link__destroy");
        linkNextId = required("bpf_link_get_next_id");
        linkFdById = required("bpf_link_get_fd_by_id");
        progFdById = required("bpf_prog_get_fd_by_id");
        progNextId = required("bpf_prog_get_next_id");
        iterCreate = required("bpf_iter_create");
        mapFd = required("bpf_map__fd");
        mapSetMaxEntries = required("bpf_map__set_max_entries");
        mapMaxEntries = required("bpf_map__max_entries");
        mapInitialValue = required("bpf_map__initial_value");
        mapUpdate = required("bpf_map_update_elem");
        mapLookup = required("bpf_map_lookup_elem");
        mapDelete = required("bpf_map_delete_elem");
        mapUpdateBatch = required("bpf_map_update_batch");
        mapFreeze = required("bpf_map_freeze");
        mapCreate = required("bpf_map_create");
        progLoad = required("bpf_prog_load");
        progTestRun = required("bpf_prog_test_run_opts");
        infoByFd = required("bpf_obj_get_info_by_fd");
        enableStats = required("bpf_enable_stats");
        probeProgramType = required("libbpf_probe_bpf_prog_type");
        probeMapType = required("libbpf_probe_bpf_map_type");
        objectPin = required("bpf_obj_pin");
        objectGet = required("bpf_obj_get");
        mapReuse = required("bpf_map__reuse_fd");
        ringNew = required("ring_buffer__new");
        ringPoll = required("ring_buffer__poll");
        ringConsume = required("ring_buffer__consume");
        ringFree = required("ring_buffer__free");
        version = Downcall.p_v(required("libbpf_version_string")).reinterpret(64).getString(0);
        Downcall.p_p(required("libbpf_set_print"), LibbpfLog.CALLBACK);
    }

    /**
     * Finds libbpf where the dynamic linker looks.
     *
     * @throws GarrisonException if it is not installed, too old, or Java may not make native calls; with the remedy
     */
    public static Libbpf open() {
        return open(LIBRARY);
    }

    /**
     * Opens a certain libbpf.
     *
     * @param library a name that the dynamic linker looks for, or a path
     * @throws GarrisonException as {@link #open()}
     */
    public static Libbpf open(String library) {
        SymbolLookup found;
        try {
            found = SymbolLookup.libraryLookup(library, Arena.global());
        } catch (IllegalCallerException e) {
            throw new GarrisonException("Java may not call native libraries: start it with"
                    + " --enable-native-access=ALL-UNNAMED", e);
        } catch (IllegalArgumentException e) {
            throw new GarrisonException(library + " was not found (needed to load BPF programs):"
                    + " apt-get install libbpf1, or your distribution's package of libbpf 1.0 or later", e);
        }
        return new Libbpf(found);
    }

    private MemorySegment required(String symbol) {
        return symbols.find(symbol).orElseThrow(() -> new GarrisonException("this libbpf has no " + symbol
                + ": it is older than 1.0, or not libbpf; install libbpf 1.0 or later"));
    }

    /** The library's version, for example {@code v1.1}. */
    public String version() {
        return version;
    }

    /** Whether this libbpf has a function, for example {@code ring_buffer__consume_n} (1.5). */
    public boolean has(String symbol) {
        return symbols.find(symbol).isPresent();
    }

    /** The address of a function that only newer versions have. */
    Optional<MemorySegment> optional(String symbol) {
        return symbols.find(symbol);
    }

    /**
     * An error number in words: the C library's for errno, libbpf's own from 4000 on.
     *
     * @param error positive or negative
     */
    public String words(int error) {
        int positive = Math.abs(error);
        if (positive == ENOTSUPP) {
            return "Operation not supported by this kernel";
        }
        if (positive < FIRST_OWN_ERROR) {
            return Libc.strerror(positive);
        }
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment text = scratch.allocate(256);
            Downcall.i_ipj(strerror, positive, text, 256);
            return text.getString(0);
        }
    }

    /** {@code int libbpf_num_possible_cpus(void)}: how many values a per-CPU map has for each key. */
    public int possibleCpus() {
        return Downcall.i_v(possibleCpus);
    }

    /** {@code struct bpf_object *bpf_object__open_mem(const void *buf, size_t size, const struct bpf_object_open_opts *)}. */
    public Handle objectOpenMem(MemorySegment elf, MemorySegment options) {
        return Downcall.e_pjp(objectOpenMem, elf, elf.byteSize(), options);
    }

    /** {@code int bpf_object__load(struct bpf_object *)}. */
    public int objectLoad(MemorySegment object) {
        return Downcall.i_p(objectLoad, object);
    }

    /** {@code void bpf_object__close(struct bpf_object *)}. */
    public void objectClose(MemorySegment object) {
        Downcall.v_p(objectClose, object);
    }

    /** {@code struct bpf_program *bpf_object__find_program_by_name(const struct bpf_object *, const char *)}: or NULL. */
    public MemorySegment objectFindProgram(MemorySegment object, MemorySegment name) {
        return Downcall.p_pp(objectFindProgram, object, name);
    }

    /** {@code struct bpf_map *bpf_object__find_map_by_name(const struct bpf_object *, const char *)}: or NULL. */
    public MemorySegment objectFindMap(MemorySegment object, MemorySegment name) {
        return Downcall.p_pp(objectFindMap, object, name);
    }

    /** {@code int bpf_program__set_autoload(struct bpf_program *, bool)}. */
    public int programSetAutoload(MemorySegment program, boolean load) {
        return Downcall.i_pi(programSetAutoload, program, load ? 1 : 0);
    }

    /** {@code int bpf_program__fd(const struct bpf_program *)}. */
    public int programFd(MemorySegment program) {
        return Downcall.i_p(programFd, program);
    }

    /** {@code struct bpf_link *bpf_program__attach(const struct bpf_program *)}: as the program's section says. */
    public Handle programAttach(MemorySegment program) {
        return Downcall.e_p(programAttach, program);
    }

    /** {@code struct bpf_link *bpf_program__attach_iter(const struct bpf_program *, const struct bpf_iter_attach_opts *)}. */
    public Handle programAttachIter(MemorySegment program, MemorySegment options) {
        return Downcall.e_pp(programAttachIter, program, options);
    }

    /** {@code struct bpf_link *bpf_program__attach_trace(const struct bpf_program *)}: whatever its section says. */
    public Handle programAttachTrace(MemorySegment program) {
        return Downcall.e_p(programAttachTrace, program);
    }

    /** {@code struct bpf_link *bpf_program__attach_cgroup(const struct bpf_program *, int cgroup_fd)}. */
    public Handle programAttachCgroup(MemorySegment program, int cgroup) {
        return Downcall.e_pi(programAttachCgroup, program, cgroup);
    }

    /** {@code struct bpf_link *bpf_program__attach_perf_event(const struct bpf_program *, int pfd)}: the link owns the event. */
    public Handle programAttachPerfEvent(MemorySegment program, int event) {
        return Downcall.e_pi(programAttachPerf, program, event);
    }

    /** {@code struct bpf_link *bpf_program__attach_kprobe_opts(program, const char *function, const struct bpf_kprobe_opts *)}. */
    public Handle programAttachKprobe(MemorySegment program, MemorySegment function, MemorySegment options) {
        return Downcall.e_ppp(programAttachKprobe, program, function, options);
    }

    /**
     * Makes a program that is not loaded yet one of {@code BPF_PROG_TYPE_TRACING}: {@code bpf_program__set_type},
     * {@code _set_expected_attach_type} and {@code _set_attach_target}, in the order that they need.
     *
     * @param attachType {@code enum bpf_attach_type}
     * @param function the kernel function, which must be in the kernel's BTF
     * @return 0, or a negative errno of the first that fails
     */
    public int programRetarget(MemorySegment program, int attachType, MemorySegment function) {
        int tracing = 26;
        int result = Downcall.i_pi(programSetType, program, tracing);
        if (result >= 0) {
            result = Downcall.i_pi(programSetExpected, program, attachType);
        }
        return result < 0 ? result : Downcall.i_pip(programSetTarget, program, 0, function);
    }

    /** {@code int bpf_link__fd(const struct bpf_link *)}. */
    public int linkFd(MemorySegment link) {
        return Downcall.i_p(linkFd, link);
    }

    /** {@code int bpf_link__destroy(struct bpf_link *)}: detaches, unless something else holds the link. */
    public int linkDestroy(MemorySegment link) {
        return Downcall.i_p(linkDestroy, link);
    }

    /** {@code int bpf_link_get_next_id(__u32 start_id, __u32 *next_id)}: the next link's id, or a negative errno after the last. */
    public int nextLink(int id) {
        return next(linkNextId, id);
    }

    /** {@code int bpf_prog_get_next_id(__u32 start_id, __u32 *next_id)}: the next program's id, or a negative errno after the last. */
    public int nextProgram(int id) {
        return next(progNextId, id);
    }

    private static int next(MemorySegment function, int id) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment next = scratch.allocate(ValueLayout.JAVA_INT);
            int result = Downcall.i_ip(function, id, next);
            return result < 0 ? result : next.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /** {@code int bpf_link_get_fd_by_id(__u32 id)}: a file descriptor. */
    public int linkById(int id) {
        return Downcall.i_i(linkFdById, id);
    }

    /** {@code int bpf_prog_get_fd_by_id(__u32 id)}: a file descriptor. */
    public int programById(int id) {
        return Downcall.i_i(progFdById, id);
    }

    /** {@code int bpf_iter_create(int link_fd)}: a file descriptor to read the iterator's output from. */
    public int iterCreate(int link) {
        return Downcall.i_i(iterCreate, link);
    }

    /** {@code int bpf_map__fd(const struct bpf_map *)}. */
    public int mapFd(MemorySegment map) {
        return Downcall.i_p(mapFd, map);
    }

    /** {@code int bpf_map__set_max_entries(struct bpf_map *, __u32)}. */
    public int mapSetMaxEntries(MemorySegment map, int entries) {
        return Downcall.i_pi(mapSetMaxEntries, map, entries);
    }

    /** {@code __u32 bpf_map__max_entries(const struct bpf_map *)}. */
    public int mapMaxEntries(MemorySegment map) {
        return Downcall.i_p(mapMaxEntries, map);
    }

    /** {@code void *bpf_map__initial_value(struct bpf_map *, size_t *size)}: a data section's bytes before load, or NULL. */
    public MemorySegment mapInitialValue(MemorySegment map) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment size = scratch.allocate(ValueLayout.JAVA_LONG);
            MemorySegment value = Downcall.p_pp(mapInitialValue, map, size);
            return value.address() == 0 ? value : value.reinterpret(size.get(ValueLayout.JAVA_LONG, 0));
        }
    }

    /** {@code int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)}. */
    public int mapUpdate(int map, MemorySegment key, MemorySegment value, long flags) {
        return Downcall.i_ippj(mapUpdate, map, key, value, flags);
    }

    /** {@code int bpf_map_freeze(int fd)}: only programs write it from now on, whoever opens it. Kernel 5.2. */
    public int mapFreeze(int map) {
        return Downcall.i_i(mapFreeze, map);
    }

    /** {@code int bpf_map_lookup_elem(int fd, const void *key, void *value)}. */
    public int mapLookup(int map, MemorySegment key, MemorySegment value) {
        return Downcall.i_ipp(mapLookup, map, key, value);
    }

    /** {@code int bpf_map_delete_elem(int fd, const void *key)}. */
    public int mapDelete(int map, MemorySegment key) {
        return Downcall.i_ip(mapDelete, map, key);
    }

    /**
     * {@code int bpf_map_update_batch(int fd, const void *keys, const void *values, __u32 *count, opts)}; kernel 5.6.
     *
     * @param count in: entries given; out: entries done
     */
    public int mapUpdateBatch(int map, MemorySegment keys, MemorySegment values, MemorySegment count) {
        return Downcall.i_ipppp(mapUpdateBatch, map, keys, values, count, MemorySegment.NULL);
    }

    /** {@code int bpf_map_create(enum bpf_map_type, const char *name, __u32 key, __u32 value, __u32 entries, opts)}: an fd. */
    public int mapCreate(int type, MemorySegment name, int keySize, int valueSize, int entries, MemorySegment options) {
        return Downcall.i_ipiiip(mapCreate, type, name, keySize, valueSize, entries, options);
    }

    /** {@code int bpf_prog_load(enum bpf_prog_type, const char *name, const char *license, insns, size_t count, opts)}: an fd. */
    public int progLoad(int type, MemorySegment name, MemorySegment licence, MemorySegment instructions, MemorySegment options) {
        return Downcall.i_ipppjp(progLoad, type, name, licence, instructions, instructions.byteSize() / 8, options);
    }

    /** {@code int bpf_prog_test_run_opts(int fd, struct bpf_test_run_opts *)}. */
    public int progTestRun(int program, MemorySegment options) {
        return Downcall.i_ip(progTestRun, program, options);
    }

    /**
     * {@code int bpf_obj_get_info_by_fd(int fd, void *info, __u32 *length)}: fills what the kernel knows of a program, map or
     * link.
     */
    public int infoByFd(int fd, MemorySegment info) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment length = scratch.allocateFrom(ValueLayout.JAVA_INT, (int) info.byteSize());
            return Downcall.i_ipp(infoByFd, fd, info, length);
        }
    }

    /**
     * {@code int bpf_enable_stats(BPF_STATS_RUN_TIME)}: the kernel counts runs and run time of all programs for as long as the file
     * descriptor is open. Kernel 5.8.
     */
    public int enableRunStatistics() {
        return Downcall.i_i(enableStats, 0);
    }

    /** {@code int libbpf_probe_bpf_prog_type(enum bpf_prog_type, NULL)}: 1 if the kernel loads such programs, 0 if not. */
    public int probeProgramType(int type) {
        return Downcall.i_ip(probeProgramType, type, MemorySegment.NULL);
    }

    /** {@code int libbpf_probe_bpf_map_type(enum bpf_map_type, NULL)}: 1 if the kernel makes such maps, 0 if not. */
    public int probeMapType(int type) {
        return Downcall.i_ip(probeMapType, type, MemorySegment.NULL);
    }

    /** {@code int bpf_obj_pin(int fd, const char *path)}: gives a map, program or link a name in a BPF file system. */
    public int objectPin(int fd, MemorySegment path) {
        return Downcall.i_ip(objectPin, fd, path);
    }

    /** {@code int bpf_obj_get(const char *path)}: a file descriptor of what is pinned there. */
    public int objectGet(MemorySegment path) {
        return Downcall.i_p(objectGet, path);
    }

    /** {@code int bpf_map__reuse_fd(struct bpf_map *, int fd)}: before load; the descriptor is copied. */
    public int mapReuse(MemorySegment map, int fd) {
        return Downcall.i_pi(mapReuse, map, fd);
    }

    /** {@code struct ring_buffer *ring_buffer__new(int fd, ring_buffer_sample_fn, void *context, opts)}. */
    public Handle ringNew(int map, MemorySegment callback) {
        return Downcall.e_ippp(ringNew, map, callback, MemorySegment.NULL, MemorySegment.NULL);
    }

    /** {@code int ring_buffer__poll(struct ring_buffer *, int timeout_ms)}: records consumed. */
    public int ringPoll(MemorySegment ring, int timeoutMillis) {
        return Downcall.i_pi(ringPoll, ring, timeoutMillis);
    }

    /** {@code int ring_buffer__consume(struct ring_buffer *)}: records consumed. */
    public int ringConsume(MemorySegment ring) {
        return Downcall.i_p(ringConsume, ring);
    }

    /**
     * {@code int ring_buffer__consume_n(struct ring_buffer *, size_t n)}: records consumed, at most {@code n}; libbpf 1.5.
     * Where it is missing this is {@link #ringConsume}, which knows no limit.
     */
    public int ringConsume(MemorySegment ring, long n) {
        return optional("ring_buffer__consume_n").map(f -> Downcall.i_pj(f, ring, n)).orElseGet(() -> ringConsume(ring));
    }

    /** {@code void ring_buffer__free(struct ring_buffer *)}. */
    public void ringFree(MemorySegment ring) {
        Downcall.v_p(ringFree, ring);
    }
}
