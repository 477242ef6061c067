// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.link.Link;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.OpenObject;
import garrison.itests.Guest;
import garrison.spi.BpfMap;
import garrison.spi.KernelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every kind of program and map that plugins may use, through the same loading and attaching, seen to fire. */
@Timeout(300)
class ProgramTypesTest {
    /** As in bpf/test_types.bpf.c, in order. */
    private enum Kind {
        LSM, LSM_SLEEPABLE, FMOD_RET, FENTRY, FEXIT, KPROBE, KPROBE_OFFSET, KRETPROBE, RAW_TP, TP, PERF_EVENT, SYSCALL, SYSCTL,
        ITER, TIMER, TASK_STORAGE, INODE_STORAGE, LRU, INNER
    }

    private interface Act {
        void run() throws IOException;
    }

    private final Path folder = Guest.scratch("types");
    private LoadedBpfObject object;

    @BeforeEach
    void load() {
        BpfSpec spec = Objects.spec("test_types");
        try (OpenObject open = OpenObject.open(Objects.LIBBPF, spec, Objects.read("test_types"), Objects.OWNER)) {
            open.constant("test_tgid", Objects.SELF);
            open.maxEntries("recent", 64);
            spec.programs().stream().filter(p -> p.name().startsWith("on_kprobe_offset")).forEach(p -> open.load(p.name(), true));
            object = open.load();
        }
    }

    @AfterEach
    void unload() {
        object.close();
    }

    private long seen(Kind kind) {
        return Objects.seen(object, kind.ordinal());
    }

    /** Not before it is attached, while it is, and not afterwards. */
    private void assertFires(String program, Kind kind, Act act) throws IOException {
        act.run();
        assertEquals(0, seen(kind), program + " is not attached yet");
        try (Link link = object.attach(Objects.program(object, program))) {
            assertEquals(program, link.program());
            act.run();
            Guest.await(program + " fires", () -> seen(kind) > 0);
        }
        long after = seen(kind);
        act.run();
        assertEquals(after, seen(kind), program + " is detached");
    }

    private void makeAndRemove() throws IOException {
        Path made = Files.createDirectory(folder.resolve("made"));
        Files.delete(Files.createFile(made.resolve("file")));
        Files.delete(made);
    }

    private static void rename() throws IOException {
        Files.writeString(Path.of("/proc/thread-self/comm"), "types-test");
    }

    @Test
    void trampolines_fire() throws IOException {
        assertFires("on_lsm", Kind.LSM, this::makeAndRemove);
        assertFires("on_lsm_sleepable", Kind.LSM_SLEEPABLE, this::makeAndRemove);
        assertFires("on_fmod_ret", Kind.FMOD_RET, this::makeAndRemove);
        assertFires("on_fentry", Kind.FENTRY, this::makeAndRemove);
        assertFires("on_fexit", Kind.FEXIT, this::makeAndRemove);
    }

    @Test
    void kprobes_fire() throws IOException {
        assertFires("on_kprobe", Kind.KPROBE, this::makeAndRemove);
        assertFires("on_kretprobe", Kind.KRETPROBE, this::makeAndRemove);
    }

    /** Which offset is the start of an instruction depends on how the kernel was built. */
    @Test
    void kprobeAtAnOffset_fires() throws IOException {
        KernelException refused = null;
        for (String program : List.of("on_kprobe_offset", "on_kprobe_offset_ibt")) {
            try (Link link = object.attach(Objects.program(object, program))) {
                makeAndRemove();
                assertEquals(1, seen(Kind.KPROBE_OFFSET), link.strategy());
                return;
            } catch (KernelException e) {
                refused = e;
            }
        }
        throw refused;
    }

    @Test
    void tracepoints_fire() throws IOException {
        assertFires("on_raw_tp", Kind.RAW_TP, ProgramTypesTest::rename);
        assertFires("on_tp", Kind.TP, ProgramTypesTest::rename);
    }

    @Test
    void clockOfEachCpu_fires() throws IOException {
        assertFires("on_perf_event", Kind.PERF_EVENT, () -> {
            long end = System.nanoTime() + 300_000_000L;
            while (System.nanoTime() < end) {
                Thread.onSpinWait(); // it is the CPU's time that counts
            }
        });
    }

    @Test
    void sysctl_fires() throws IOException {
        assertFires("on_sysctl", Kind.SYSCTL, () -> Files.readString(Path.of("/proc/sys/kernel/ostype")));
    }

    @Test
    void syscallAndIterator_runOnDemand() {
        assertEquals(0, object.runSyscallProgram("on_syscall", new byte[0]));
        assertEquals(1, seen(Kind.SYSCALL));
        try (Link link = object.attach(Objects.program(object, "on_iter"))) {
            assertEquals(0, seen(Kind.ITER));
            link.readAll();
            assertTrue(seen(Kind.ITER) > 0);
        }
    }

    @Test
    void timer_armedByAProgram_rings() throws IOException {
        try (Link link = object.attach(Objects.program(object, "arms_timer"))) {
            assertEquals(0, seen(Kind.TIMER));
            Files.createSymbolicLink(folder.resolve("link"), folder);
            Guest.await(link.program() + "'s timer rings", () -> seen(Kind.TIMER) == 1);
        }
    }

    @Test
    void storageLruAndInnerMaps_keepWhatProgramsPut() throws IOException {
        byte[] first = Objects.key(0);
        BpfMap outer = object.map("outer");
        assertEquals(64, object.map("recent").maxEntries());
        try (Link link = object.attach(Objects.program(object, "on_lsm")); BpfMap.InnerMap inner = outer.createInner(1)) {
            makeAndRemove();
            assertEquals(List.of(0L, 0L, 1L, 0L), counts(), link.program() + " once");
            inner.update(first, ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putLong(42).array());
            outer.updateInner(first, inner);
            makeAndRemove();
            assertEquals(List.of(1L, 1L, 2L, 1L), counts(), link.program() + " twice");
            for (int i = 0; i < 200; i++) {
                makeAndRemove();
            }
            assertEquals(202, seen(Kind.LRU), "a full LRU map takes more");
        }
    }

    private List<Long> counts() {
        return List.of(seen(Kind.TASK_STORAGE), seen(Kind.INODE_STORAGE), seen(Kind.LRU), seen(Kind.INNER));
    }
}
