// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.RingPlugin;
import garrison.framework.RingPlugin.Step;
import garrison.framework.Status.PluginStatus;
import garrison.framework.config.GarrisonSettings.ReaderKind;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.spi.PluginState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What must never end the JVM: positions that lie, and a handler that does not come back. */
@Timeout(90)
class BrokenRingTest {
    private static final int BPF_MAP_TYPE_RINGBUF = 27;

    /** Whoever has the map's descriptor may write the consumer's page: here the test does. */
    private static void overwriteConsumerPosition(int map, long position) {
        long page = PageSize.BYTES;
        long address = Libc.mmap(page, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, map, 0);
        assertTrue(address > 0, "mmap: " + address);
        MemorySegment.ofAddress(address).reinterpret(page).set(ValueLayout.JAVA_LONG, 0, position);
        assertEquals(0, Libc.munmap(address, page));
    }

    /** A ring that nobody else reads: a reader that is not done yet would put the right position back. */
    @Test
    void lyingPositions_areATypedError() {
        int bytes = 1 << 20;
        try (Arena arena = Arena.ofConfined()) {
            int map = Libbpf.open().mapCreate(BPF_MAP_TYPE_RINGBUF, arena.allocateFrom("lying"), 0, 0, bytes, MemorySegment.NULL);
            assertTrue(map >= 0, "bpf_map_create: " + map);
            try {
                assertCorrupt(map, bytes, 1L << 40);
                assertCorrupt(map, bytes, 12);
                overwriteConsumerPosition(map, 0);
                DirectRing ring = new DirectRing("honest", map, bytes);
                assertEquals(0, ring.drain(record -> {}));
                ring.close();
            } finally {
                Libc.close(map);
            }
        }
    }

    private static void assertCorrupt(int map, int bytes, long position) {
        overwriteConsumerPosition(map, position);
        DirectRing ring = new DirectRing("lying", map, bytes);
        RingCorruptException e = assertThrows(RingCorruptException.class, () -> ring.drain(record -> {}));
        String told = "ring buffer of lying is corrupt: consumer at " + position + ", producer at 0, size " + bytes;
        assertTrue(e.getMessage().startsWith(told), e.getMessage());
        ring.close();
    }

    /** The reader goes by the position it keeps itself, and writes it again: neither is anything read twice, nor does the ring stay full. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1L << 40})
    void positionOverwrittenUnderAReader_isPutRight(long position) throws Exception {
        CountDownLatch first = new CountDownLatch(10);
        CountDownLatch later = new CountDownLatch(1);
        List<Long> sequences = new CopyOnWriteArrayList<>();
        RingPlugin plugin = new RingPlugin("ring-test").binding((events, session) -> events.raw(RingPlugin.LARGE, "test_large", fields -> {
            var sequence = fields.apply("sequence");
            return record -> {
                sequences.add(record.get(sequence));
                first.countDown();
                if (sequences.size() > 10) {
                    later.countDown();
                }
            };
        }));
        try (Garrison garrison = Garrison.builder().plugin(plugin).start()) {
            plugin.session().emit(RingPlugin.LARGE, 0, 10);
            assertTrue(first.await(20, TimeUnit.SECONDS), sequences::toString);
            overwriteConsumerPosition(plugin.session().object().mapFd("garrison_events"), position);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            do {
                plugin.session().emit(RingPlugin.LARGE, 10, 1);
                assertTrue(System.nanoTime() < deadline, "the ring takes nothing any more");
            } while (!later.await(50, TimeUnit.MILLISECONDS));
            assertEquals(LongStream.range(0, 10).boxed().toList(), sequences.subList(0, 10));
            assertEquals(Set.of(10L), Set.copyOf(sequences.subList(10, sequences.size())));
            assertEquals(PluginState.ACTIVE, garrison.status().plugins().getFirst().state());
        }
    }

    @Test
    void handlerThatNeverReturns_holdsUpOnlyItsOwnStop_andTheRingStaysMapped() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicReference<Long> readLater = new AtomicReference<>();
        CountDownLatch read = new CountDownLatch(1);
        RingPlugin stuck = new RingPlugin("stuck").binding((events, session) -> events.raw(RingPlugin.LARGE, "test_large", fields -> {
            var sequence = fields.apply("sequence");
            return record -> {
                entered.countDown();
                while (release.getCount() != 0) {
                    Thread.onSpinWait(); // deaf to interrupts
                }
                readLater.set(record.get(sequence));
                read.countDown();
            };
        }));
        RingPlugin good = new RingPlugin("good");
        try (Garrison garrison = Garrison.builder().plugin(stuck).plugin(good).start()) {
            stuck.session().emit(RingPlugin.LARGE, 99, 1);
            assertTrue(entered.await(20, TimeUnit.SECONDS));
            assertTrue(garrison.remove(stuck));
            assertEquals(Step.CLOSE, stuck.steps.getLast());
            good.session().emit(RingPlugin.FIXED, 1, 1);
            release.countDown();
            assertTrue(read.await(20, TimeUnit.SECONDS));
            assertEquals(99, readLater.get(), "the record is still there for the late handler");
            PluginStatus status = garrison.status().plugins().getFirst();
            assertEquals("good", status.name());
            assertEquals(PluginState.ACTIVE, status.state());
        }
    }

    @ParameterizedTest
    @EnumSource(ReaderKind.class)
    void viewThatAHandlerKept_readsNothing_norDoesAnotherThread(ReaderKind kind) throws Exception {
        AtomicReference<Supplier<Long>> kept = new AtomicReference<>();
        AtomicReference<Throwable> elsewhere = new AtomicReference<>();
        AtomicReference<Throwable> later = new AtomicReference<>();
        CountDownLatch second = new CountDownLatch(1);
        RingPlugin plugin = new RingPlugin("ring-test").binding((events, session) -> events.raw(RingPlugin.LARGE, "test_large", fields -> {
            var sequence = fields.apply("sequence");
            return record -> {
                kept.set(() -> record.get(sequence));
                Thread other = Thread.ofPlatform().start(() -> elsewhere.set(assertThrows(WrongThreadException.class, kept.get()::get)));
                try {
                    other.join();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                second.countDown();
            };
        }));
        try (Garrison garrison = Garrison.builder().config(ConfigFactory.parseString("garrison.events.reader = "
                + kind.name().toLowerCase(Locale.ROOT))).plugin(plugin).start()) {
            plugin.session().emit(RingPlugin.LARGE, 7, 1);
            assertTrue(second.await(20, TimeUnit.SECONDS));
            assertTrue(garrison.remove(plugin));
        }
        later.set(assertThrows(WrongThreadException.class, kept.get()::get));
        assertTrue(elsewhere.get().getMessage().contains("its handler only"), elsewhere.get().getMessage());
        assertTrue(later.get().getMessage().contains("its handler only"), later.get().getMessage());
    }

    @Test
    void stopFromItsOwnHandler_isRefused() throws Exception {
        AtomicReference<Garrison> garrison = new AtomicReference<>();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        CountDownLatch tried = new CountDownLatch(1);
        RingPlugin plugin = new RingPlugin("ring-test");
        plugin.binding((events, session) -> events.raw(RingPlugin.LARGE, "test_large", fields -> record -> {
            try {
                garrison.get().remove(plugin);
            } catch (Throwable t) {
                thrown.set(t);
            }
            tried.countDown();
        }));
        try (Garrison started = Garrison.builder().plugin(plugin).start()) {
            garrison.set(started);
            plugin.session().emit(RingPlugin.LARGE, 1, 1);
            assertTrue(tried.await(20, TimeUnit.SECONDS));
            assertEquals(IllegalStateException.class, thrown.get().getClass());
            assertEquals(PluginState.ACTIVE, started.status().plugins().getFirst().state());
        }
    }
}
