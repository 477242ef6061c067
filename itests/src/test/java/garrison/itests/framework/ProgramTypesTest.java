// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.kernel.KernelRequirements;
import garrison.framework.kernel.RunningKernel;
import garrison.framework.link.Link;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.OpenObject;
import garrison.itests.Guest;
import garrison.spi.BpfMap;
import garrison.spi.KernelException;
import garrison.spi.KernelVersion;
import garrison.spi.UnsupportedKernelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Every kind of program and map that plugins may use, through the same loading and attaching: silent, seen to fire, silent. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProgramTypesTest {
    /** As in bpf/test_types.bpf.c, in order. */
    private enum Kind {
        LSM, LSM_SLEEPABLE, FMOD_RET, FENTRY, FEXIT, KPROBE, KPROBE_OFFSET, KRETPROBE, RAW_TP, TP, PERF_EVENT, SYSCALL, SYSCTL,
        ITER, TIMER, TASK_STORAGE, INODE_STORAGE, CGROUP_STORAGE, LRU, INNER
    }

    private static final int LRU_ENTRIES = 64;

    private interface Act {
        void run() throws Exception;
    }

    private final Path folder = Guest.scratch("types");
    private LoadedBpfObject object;

    @BeforeAll
    void load() {
        BpfSpec spec = Objects.spec("test_types");
        try (OpenObject open = OpenObject.open(Objects.LIBBPF, spec, Objects.read("test_types"), Objects.OWNER)) {
            open.constant("test_tgid", Objects.SELF);
            open.maxEntries("recent", LRU_ENTRIES);
            spec.programs().stream().filter(p -> p.name().startsWith("on_kprobe_offset")).forEach(p -> open.load(p.name(), true));
            prepare(open);
            object = open.load();
        }
    }

    /** Nothing more: libbpf loads them. */
    void prepare(OpenObject open) {}

    @AfterAll
    void unload() {
        if (object != null) {
            object.close();
        }
    }

    private long seen(Kind kind) {
        return Objects.seen(object, kind.ordinal());
    }

    /** Not before it is attached, while it is, and not afterwards. */
    private void assertFires(String program, Kind kind, Act act) throws Exception {
        long before = seen(kind);
        act.run();
        assertEquals(before, seen(kind), program + " is not attached yet");
        try (Link link = object.attach(Objects.program(object, program))) {
            assertEquals(program, link.program());
            act.run();
            Guest.await(program + " fires", () -> seen(kind) > before);
        }
        long after = seen(kind);
        act.run();
        assertEquals(after, seen(kind), program + " is detached");
    }

    private void makeAndRemove() throws IOException {
        makeAndRemove(folder);
    }

    private static void makeAndRemove(Path where) throws IOException {
        Path made = Files.createDirectory(where.resolve("made"));
        Files.delete(Files.createFile(made.resolve("file")));
        Files.delete(made);
    }

    private static void rename() throws IOException {
        Files.writeString(Path.of("/proc/thread-self/comm"), "types-test");
    }

    private static void readSysctl() throws IOException {
        Files.readString(Path.of("/proc/sys/kernel/ostype"));
    }

    /** It is the CPU's time that counts. */
    private static void burn() {
        long end = System.nanoTime() + 300_000_000L;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    @Test
    void lsm_sleepableOrNot_fires() throws Exception {
        assertFires("on_lsm", Kind.LSM, this::makeAndRemove);
        assertFires("on_lsm_sleepable", Kind.LSM_SLEEPABLE, this::makeAndRemove);
    }

    @Test
    void fmodRetFentryAndFexit_fire() throws Exception {
        assertFires("on_fmod_ret", Kind.FMOD_RET, this::makeAndRemove);
        assertFires("on_fentry", Kind.FENTRY, this::makeAndRemove);
        assertFires("on_fexit", Kind.FEXIT, this::makeAndRemove);
    }

    @Test
    void kprobeAndKretprobe_fire() throws Exception {
        assertFires("on_kprobe", Kind.KPROBE, this::makeAndRemove);
        assertFires("on_kretprobe", Kind.KRETPROBE, this::makeAndRemove);
    }

    /** Which offset is the start of an instruction depends on how the kernel was built: one of two is. */
    @Test
    void kprobeAtAnOffset_fires() throws Exception {
        try {
            assertFires("on_kprobe_offset", Kind.KPROBE_OFFSET, this::makeAndRemove);
        } catch (KernelException inTheMiddleOfAnInstruction) {
            assertFires("on_kprobe_offset_ibt", Kind.KPROBE_OFFSET, this::makeAndRemove);
        }
    }

    @Test
    void tracepoints_rawOrNot_fire() throws Exception {
        assertFires("on_raw_tp", Kind.RAW_TP, ProgramTypesTest::rename);
        assertFires("on_tp", Kind.TP, ProgramTypesTest::rename);
    }

    @Test
    void perfEvent_firesWithTheClockOfEachCpu() throws Exception {
        assertFires("on_perf_event", Kind.PERF_EVENT, ProgramTypesTest::burn);
    }

    @Test
    void cgroupSysctl_fires_andKeepsStorageWithTheCgroup() throws Exception {
        assertFires("on_sysctl", Kind.SYSCTL, ProgramTypesTest::readSysctl);
        assertFires("on_sysctl", Kind.CGROUP_STORAGE, () -> {
            readSysctl();
            readSysctl();
        });
    }

    @Test
    void syscall_runsOnDemand() {
        long before = seen(Kind.SYSCALL);
        assertEquals(0, object.run("on_syscall", new byte[0]));
        assertEquals(before + 1, seen(Kind.SYSCALL));
    }

    @Test
    void iterator_runsWhenRead_untilItIsDetached() {
        Link link = object.attach(Objects.program(object, "on_iter"));
        try (link) {
            assertEquals(0, seen(Kind.ITER));
            link.readAll();
            assertTrue(seen(Kind.ITER) > 0, "it walks over this process");
        }
        assertThrows(IllegalStateException.class, link::readAll);
    }

    @Test
    void timer_armedByAProgram_rings() throws Exception {
        assertFires("arms_timer", Kind.TIMER, () -> {
            Files.delete(Files.createSymbolicLink(folder.resolve("link"), folder));
            Thread.sleep(20); // the timer is set to 1 ms; longer than that until it rings, it is waited for
        });
    }

    /** A new task, and a directory that no program saw before. */
    @Test
    void taskAndInodeStorageLruAndInnerMaps_keepWhatProgramsPut() throws Exception {
        Path fresh = Files.createDirectory(folder.resolve("fresh"));
        Throwable[] failure = new Throwable[1];
        Thread task = Thread.ofPlatform().uncaughtExceptionHandler((_, e) -> failure[0] = e).start(() -> {
            try {
                keep(fresh);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        task.join();
        if (failure[0] != null) {
            throw new AssertionError(failure[0]);
        }
    }

    private void keep(Path fresh) throws IOException {
        byte[] first = Objects.key(0);
        BpfMap outer = object.map("outer");
        assertEquals(LRU_ENTRIES, object.map("recent").maxEntries());
        try (Link link = object.attach(Objects.program(object, "on_lsm")); BpfMap.InnerMap inner = outer.createInner(1)) {
            List<Long> before = counts();
            makeAndRemove(fresh);
            assertEquals(List.of(0L, 0L, 1L, 0L), more(before), link.program() + " once");
            inner.update(first, number(42));
            outer.updateInner(first, inner);
            makeAndRemove(fresh);
            assertEquals(List.of(1L, 1L, 2L, 1L), more(before), link.program() + " twice");
            for (int i = 0; i < 3 * LRU_ENTRIES; i++) {
                makeAndRemove(fresh);
            }
            assertEquals(2 + 3 * LRU_ENTRIES, more(before).get(2), "a full LRU map takes more");
            BpfMap recent = object.map("recent");
            long kept = LongStream.rangeClosed(1, seen(Kind.LSM)).filter(n -> recent.lookup(number(n)).isPresent()).count();
            assertTrue(kept > 1 && kept <= LRU_ENTRIES, kept + " kept of the last; declared is 1, set are " + LRU_ENTRIES);
        }
    }

    /** Storage with a cgroup for any program; before, one for cgroup programs only. */
    @Test
    void cgroupStorageOfAnyProgram_since62_orRefusedWithTheKernelItTakes() throws Exception {
        BpfSpec spec = Objects.spec("test_cgroup");
        if (Guest.kernel().compareTo(new KernelVersion(6, 2, 0)) < 0) {
            UnsupportedKernelException refused = assertThrows(UnsupportedKernelException.class,
                    () -> KernelRequirements.check(spec, Set.of("on_mkdir"), new RunningKernel(Objects.LIBBPF), Objects.OWNER));
            assertTrue(refused.getMessage().contains("map per_cgroup") && refused.getMessage().contains("6.2"), refused.getMessage());
            return;
        }
        try (OpenObject open = OpenObject.open(Objects.LIBBPF, spec, Objects.read("test_cgroup"), Objects.OWNER)) {
            open.constant("test_tgid", Objects.SELF);
            try (LoadedBpfObject loaded = open.load()) {
                makeAndRemove();
                try (Link link = loaded.attach(Objects.program(loaded, "on_mkdir"))) {
                    makeAndRemove();
                    makeAndRemove();
                    assertEquals(2, Objects.seen(loaded, 0), link.program());
                }
                makeAndRemove();
                assertEquals(2, Objects.seen(loaded, 0), "detached");
            }
        }
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putLong(value).array();
    }

    private List<Long> counts() {
        return List.of(seen(Kind.TASK_STORAGE), seen(Kind.INODE_STORAGE), seen(Kind.LRU), seen(Kind.INNER));
    }

    private List<Long> more(List<Long> before) {
        List<Long> now = counts();
        return LongStream.range(0, now.size()).mapToObj(i -> now.get((int) i) - before.get((int) i)).toList();
    }
}
