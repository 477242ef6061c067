// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.Footprint;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.spi.BpfMap;
import garrison.spi.KernelException;
import garrison.spi.ProgramInfo;
import garrison.spi.VerifierException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** On this machine's own kernel; needs root and a kernel that lets root load system-call programs (5.14). */
class LoadedBpfObjectTest {
    private static final Owner OWNER = new Owner("test-plugin", System.getProperty("os.version"));

    private final Libbpf libbpf = Libbpf.open();
    private final byte[] elf = TestObjects.object();
    private final BpfSpec spec = BpfSpec.parse("test_object.bpf.o", elf);
    private final OpenObject open = OpenObject.open(libbpf, spec, elf, OWNER);

    @AfterEach
    void closeOpenObject() {
        open.close();
    }

    private static byte[] bytes(int number) {
        return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(number).array();
    }

    private static byte[] bytes(long number) {
        return ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putLong(number).array();
    }

    private static long number(byte[] value) {
        ByteBuffer buffer = ByteBuffer.wrap(value).order(ByteOrder.nativeOrder());
        return value.length == 4 ? buffer.getInt() : buffer.getLong();
    }

    private static byte[] context(int key) {
        return ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putInt(key).array();
    }

    @Test
    void run_constantsSetBeforeLoad_areWhatTheProgramSees() {
        open.constant("small_signed", -7);
        open.constant("wide", 0xffff_ffffL);
        open.constant("widest", 3);
        open.constant("flag", 1);
        try (LoadedBpfObject object = open.load()) {
            assertEquals(2, object.run("test_run", context(5)));
            assertEquals(3 * 0xffff_ffffL + 1001, number(object.map("numbers").lookup(bytes(5)).orElseThrow()));
            assertTrue(object.programId("test_run") > 0);
            assertEquals(List.of("test_run"), object.programs().stream().map(ProgramInfo::name).toList());
        }
    }

    @Test
    void constant_thatDoesNotFit_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> open.constant("small_signed", 32768));
        assertThrows(IllegalArgumentException.class, () -> open.constant("wide", -1));
        assertThrows(IllegalArgumentException.class, () -> open.constant("wide", 1L << 32));
        assertThrows(IllegalArgumentException.class, () -> open.constant("flag", 2));
        assertThrows(IllegalArgumentException.class, () -> open.constant("text", 1));
        String message = assertThrows(IllegalArgumentException.class, () -> open.constant("narrow", 1)).getMessage();
        assertTrue(message.contains("narrow") && message.contains("small_signed"), message);
    }

    @Test
    void setup_unknownNames_areRefusedNamingWhatThereIs() {
        String program = assertThrows(IllegalArgumentException.class, () -> open.load("test_ran", true)).getMessage();
        assertTrue(program.contains("test_ran") && program.contains("test_run"), program);
        String map = assertThrows(IllegalArgumentException.class, () -> open.maxEntries("letters", 1)).getMessage();
        assertTrue(map.contains("letters") && map.contains("numbers"), map);
        assertThrows(IllegalArgumentException.class, () -> open.maxEntries("numbers", 0));
        try (LoadedBpfObject object = open.load()) {
            String loaded = assertThrows(IllegalArgumentException.class, () -> object.map("letters")).getMessage();
            assertTrue(loaded.contains("letters") && loaded.contains("policy"), loaded);
            assertThrows(IllegalArgumentException.class, () -> object.run("test_rejected", new byte[8]));
        }
    }

    @Test
    void load_programThatTheVerifierRefuses_tellsProgramLineAndWholeLog() {
        open.load("test_rejected", true);
        VerifierException rejected = assertThrows(VerifierException.class, open::load);
        assertEquals("test_rejected", rejected.program());
        assertEquals(Libc.EACCES, rejected.errno());
        for (String word : List.of("test-plugin", "test_rejected", "?syscall", OWNER.kernelRelease(), "errno 13", "R")) {
            assertTrue(rejected.getMessage().contains(word), rejected.getMessage());
        }
        String decisive = VerifierLog.decisiveLine(rejected.log());
        assertTrue(rejected.log().lines().count() > 3 && decisive.contains("stack"), rejected.log());
        assertTrue(rejected.getMessage().contains(decisive), rejected.getMessage());
        assertFalse(rejected.getMessage().contains("\n"), rejected.getMessage());
        assertThrows(IllegalStateException.class, open::load);
    }

    @Test
    void load_mapTooLargeForTheKernel_isAKernelError() {
        // 2^31 buckets: refused before anything is allocated.
        open.maxEntries("numbers", Integer.MAX_VALUE);
        KernelException refused = assertThrows(KernelException.class, open::load);
        assertFalse(refused instanceof VerifierException);
        assertTrue(refused.getMessage().contains("test-plugin") && refused.getMessage().contains("numbers"),
                refused.getMessage());
    }

    @Test
    void map_plainEntries_comeAndGo() {
        open.maxEntries("numbers", 2);
        try (LoadedBpfObject object = open.load()) {
            BpfMap map = object.map("numbers");
            assertEquals(List.of(4, 8, 2), List.of(map.keySize(), map.valueSize(), map.maxEntries()));
            assertTrue(map.lookup(bytes(1)).isEmpty());
            assertFalse(map.delete(bytes(1)));
            map.update(bytes(1), bytes(11L));
            map.update(bytes(2), bytes(22L));
            map.update(bytes(2), bytes(23L));
            assertArrayEquals(bytes(23L), map.lookup(bytes(2)).orElseThrow());
            KernelException full = assertThrows(KernelException.class, () -> map.update(bytes(3), bytes(33L)));
            assertEquals(Libc.E2BIG, full.errno());
            assertTrue(full.getMessage().contains("numbers") && full.getMessage().contains("at most 2 entries"),
                    full.getMessage());
            assertTrue(map.delete(bytes(1)));
            assertThrows(IllegalArgumentException.class, () -> map.lookup(new byte[8]));
            assertThrows(IllegalArgumentException.class, () -> map.update(bytes(1), new byte[4]));
        }
    }

    @Test
    void updateAll_hashMap_takesAllAndNamesHowManyWhenFull() {
        try (LoadedBpfObject object = open.load()) {
            BpfMap map = object.map("numbers");
            ByteBuffer keys = ByteBuffer.allocate(4 * 20).order(ByteOrder.nativeOrder());
            ByteBuffer values = ByteBuffer.allocateDirect(8 * 20).order(ByteOrder.nativeOrder());
            for (int i = 0; i < 20; i++) {
                keys.putInt(100 + i);
                values.putLong(1000L + i);
            }
            map.updateAll(keys, values, 0);
            map.updateAll(keys, values, 16);
            for (int i = 0; i < 16; i++) {
                assertEquals(1000 + i, number(map.lookup(bytes(100 + i)).orElseThrow()));
            }
            KernelException full = assertThrows(KernelException.class, () -> map.updateAll(keys, values, 20));
            assertTrue(full.getMessage().contains("entry 17 of 20"), full.getMessage());
            assertThrows(IllegalArgumentException.class, () -> map.updateAll(keys, values, 21));
        }
    }

    @Test
    void updateAll_mapsWithoutBatches_fallsBackToSingleUpdates() {
        try (LoadedBpfObject object = open.load()) {
            BpfMap policy = object.map("policy");
            try (BpfMap.InnerMap inner = policy.createInner(4)) {
                ByteBuffer keys = ByteBuffer.wrap(bytes(0));
                int innerFd = ((InnerKernelMap) inner).fd();
                policy.updateAll(keys, ByteBuffer.wrap(bytes(innerFd)), 1);
                assertTrue(policy.lookup(bytes(0)).isPresent());
            }
            BpfMap prefixes = object.map("prefixes");
            byte[] two = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder()).putInt(8).putInt(1).putInt(16).putInt(2).array();
            prefixes.updateAll(ByteBuffer.wrap(two), ByteBuffer.wrap(new byte[8]), 2);
            assertTrue(prefixes.lookup(Arrays.copyOf(two, 8)).isPresent());
        }
    }

    @Test
    void map_perCpu_hasAPaddedValueForEachCpu() {
        try (LoadedBpfObject object = open.load()) {
            BpfMap map = object.map("per_cpu");
            assertEquals(12, map.valueSize());
            byte[] all = map.lookup(bytes(1)).orElseThrow();
            assertEquals(16 * libbpf.possibleCpus(), all.length);
            for (int cpu = 0; cpu < libbpf.possibleCpus(); cpu++) {
                all[16 * cpu] = (byte) (cpu + 1);
            }
            map.update(bytes(1), all);
            assertArrayEquals(all, map.lookup(bytes(1)).orElseThrow());
        }
    }

    @Test
    void updateInner_swappedPolicy_isSeenWholeByTheNextRun() {
        try (LoadedBpfObject object = open.load()) {
            BpfMap policy = object.map("policy");
            byte[] run = context(7);
            assertEquals(2, object.run("test_run", run));
            for (int generation = 1; generation <= 3; generation++) {
                try (BpfMap.InnerMap next = policy.createInner(4 * generation)) {
                    assertEquals(4 * generation, next.maxEntries());
                    next.update(bytes(7), bytes(generation));
                    policy.updateInner(bytes(0), next);
                }
                assertEquals(1, object.run("test_run", run));
                assertEquals(generation, ByteBuffer.wrap(run).order(ByteOrder.nativeOrder()).getInt(4));
            }
            assertThrows(IllegalStateException.class, () -> object.map("numbers").createInner(1));
            BpfMap.InnerMap closed = policy.createInner(1);
            closed.close();
            closed.close();
            assertThrows(IllegalStateException.class, () -> policy.updateInner(bytes(0), closed));
        }
    }

    @Test
    void close_mapsAndProgramsAfterwards_areRefused() {
        LoadedBpfObject object = open.load();
        BpfMap map = object.map("numbers");
        object.close();
        object.close();
        assertThrows(IllegalStateException.class, () -> map.lookup(bytes(1)));
        assertThrows(IllegalStateException.class, () -> object.run("test_run", context(1)));
        assertThrows(IllegalStateException.class, () -> object.mapFd("numbers"));
    }

    @Test
    void attach_systemCallProgram_isRefusedWithAReason() {
        try (LoadedBpfObject object = open.load()) {
            KernelException refused = assertThrows(KernelException.class, () -> object.attach(object.programs().get(0)));
            assertTrue(refused.getMessage().contains("test_run") && refused.getMessage().contains("is run, not attached"),
                    refused.getMessage());
        }
    }

    @Test
    void open_damagedBehindTheSpec_isRefusedWithLibbpfsWords() {
        KernelException refused = assertThrows(KernelException.class,
                () -> OpenObject.open(libbpf, spec, new byte[128], OWNER));
        assertTrue(refused.getMessage().contains("libbpf") && refused.getMessage().contains("test_object.bpf.o"),
                refused.getMessage());
    }

    @Test
    void openLoadClose_twoHundredTimes_leavesNoDescriptor() {
        oneRound();
        Footprint before = Footprint.now();
        for (int round = 0; round < 200; round++) {
            oneRound();
        }
        assertEquals(before, Footprint.now());
    }

    private void oneRound() {
        try (OpenObject each = OpenObject.open(libbpf, spec, elf, OWNER)) {
            try (LoadedBpfObject object = each.load(); BpfMap.InnerMap inner = object.map("policy").createInner(4)) {
                object.map("policy").updateInner(bytes(0), inner);
                object.run("test_run", context(1));
            }
        }
        try (OpenObject rejected = OpenObject.open(libbpf, spec, elf, OWNER)) {
            rejected.load("test_rejected", true);
            assertThrows(VerifierException.class, rejected::load);
        }
    }
}
