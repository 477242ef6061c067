// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Footprint;
import garrison.framework.Garrison;
import garrison.framework.RingPlugin;
import garrison.framework.RingPlugin.Fixed;
import garrison.framework.RingPlugin.Text;
import garrison.framework.Status.EventCounts;
import garrison.framework.config.GarrisonSettings.ReaderKind;
import garrison.spi.EventsLost;
import garrison.spi.PluginState;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Both forms of reading, against records that this machine's kernel writes. */
@Timeout(120)
class RingReaderTest {
    private static Config reader(ReaderKind kind) {
        return ConfigFactory.parseString("garrison.events.reader = " + kind.name().toLowerCase(Locale.ROOT));
    }

    /** Sequence numbers of large records, each exactly once and in order, without an object for any of them. */
    private static final class Sequence {
        private final AtomicLong next = new AtomicLong();
        private final AtomicReference<String> wrong = new AtomicReference<>();

        RingPlugin bindTo(RingPlugin plugin) {
            return plugin.binding((events, session) -> events.raw(RingPlugin.LARGE, "test_large", fields -> {
                var sequence = fields.apply("sequence");
                return record -> {
                    long got = record.get(sequence);
                    if (got != next.getAndIncrement() || record.length() != 256) {
                        wrong.compareAndSet(null, "record " + got + " of " + record.length() + " bytes, expected " + (next.get() - 1));
                    }
                };
            }));
        }
    }

    private static EventCounts stop(Garrison garrison) {
        garrison.reload(ConfigFactory.parseString("garrison.plugins.ring-test.enabled = false"));
        return garrison.status().plugins().getFirst().events();
    }

    @ParameterizedTest
    @EnumSource(ReaderKind.class)
    void recordsThatFit_allArriveOnceAndInOrder(ReaderKind kind) {
        Sequence sequence = new Sequence();
        RingPlugin plugin = sequence.bindTo(new RingPlugin("ring-test").ring(1 << 20));
        try (Garrison garrison = Garrison.builder().config(reader(kind)).plugin(plugin).start()) {
            long written = 0;
            for (int round = 0; round < 300; round++) {
                plugin.session().emit(RingPlugin.LARGE, written, 1000);
                written += 1000;
                await(() -> sequence.next.get(), written);
            }
            EventCounts counts = stop(garrison);
            assertEquals(new EventCounts(300_000, 300_000, 0, 0, 0, 0), counts);
            assertNull(sequence.wrong.get());
        }
    }

    @ParameterizedTest
    @EnumSource(ReaderKind.class)
    void singleRecords_neverWaitForTheNextTick(ReaderKind kind) {
        AtomicLong seen = new AtomicLong();
        RingPlugin plugin = new RingPlugin("ring-test").binding((events, session) -> events.raw(RingPlugin.LARGE, "test_large",
                fields -> record -> seen.incrementAndGet()));
        try (Garrison garrison = Garrison.builder().config(reader(kind)).plugin(plugin).start()) {
            long start = System.nanoTime();
            int rounds = 3000;
            for (int i = 1; i <= rounds; i++) {
                plugin.session().emit(RingPlugin.LARGE, i, 1);
                await(seen::get, i);
            }
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            assertTrue(millis < 30_000, "a lost wake-up costs up to a second; " + rounds + " took " + millis + " ms");
            assertEquals(PluginState.ACTIVE, garrison.status().plugins().getFirst().state());
        }
    }

    @ParameterizedTest
    @EnumSource(ReaderKind.class)
    void fullRing_everyDropIsCountedAndTold(ReaderKind kind) throws Exception {
        List<EventsLost> told = new CopyOnWriteArrayList<>();
        CountDownLatch release = new CountDownLatch(1);
        RingPlugin plugin = new RingPlugin("ring-test").ring(1 << 16).binding((events, session) -> events.raw(RingPlugin.LARGE,
                "test_large", fields -> record -> pause(release)));
        Garrison garrison = Garrison.builder().config(reader(kind)).plugin(plugin).on(EventsLost.class, told::add).start();
        try (garrison) {
            plugin.session().emit(RingPlugin.LARGE, 0, 20_000);
            release.countDown();
            plugin.session().emit(RingPlugin.LARGE, 0, 5);
            EventCounts counts = stop(garrison);
            assertEquals(20_005, counts.sent());
            assertEquals(20_005, counts.received() + counts.dropped());
            // 65536 bytes hold 248 records of 264 bytes; while the handler waits, none of them is given back.
            assertTrue(counts.dropped() >= 20_000 - 249 && counts.dropped() <= 20_005 - 247, counts.toString());
        }
        long dropped = told.stream().filter(e -> e.where().equals("ring")).mapToLong(EventsLost::count).sum();
        assertEquals(told.getLast().total(), dropped);
        assertTrue(dropped >= 20_000 - 249, "told " + dropped);
        assertTrue(told.getFirst().detail().matches("cpu\\d+: \\d+(, cpu\\d+: \\d+)*"), told.getFirst().detail());
    }

    @ParameterizedTest
    @EnumSource(ReaderKind.class)
    void floodFromAllCpus_sentIsReceivedPlusDropped(ReaderKind kind) throws Exception {
        AtomicLong seen = new AtomicLong();
        RingPlugin plugin = new RingPlugin("ring-test").ring(1 << 16).binding((events, session) -> events.raw(RingPlugin.LARGE,
                "test_large", fields -> record -> seen.incrementAndGet()));
        try (Garrison garrison = Garrison.builder().config(reader(kind)).plugin(plugin).start()) {
            List<Thread> writers = new ArrayList<>();
            for (int cpu = 0; cpu < 3; cpu++) {
                writers.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 50; i++) {
                        plugin.session().emit(RingPlugin.LARGE, 0, 10_000);
                    }
                }));
            }
            for (Thread writer : writers) {
                writer.join();
            }
            EventCounts counts = stop(garrison);
            assertEquals(1_500_000, counts.sent());
            assertEquals(1_500_000, counts.received() + counts.dropped());
            assertEquals(seen.get(), counts.received());
        }
    }

    @ParameterizedTest
    @EnumSource(ReaderKind.class)
    void throwingHandler_isCountedAndTold_andTheRestIsRead(ReaderKind kind) {
        List<EventsLost> told = new CopyOnWriteArrayList<>();
        AtomicLong handled = new AtomicLong();
        RingPlugin plugin = new RingPlugin("ring-test").binding((events, session) -> events.on(RingPlugin.FIXED, "test_fixed", Fixed.class,
                fixed -> {
                    if (fixed.sequence() % 3 == 0) {
                        throw new IllegalStateException("thrown for the test");
                    }
                    handled.incrementAndGet();
                }));
        try (Garrison garrison = Garrison.builder().config(reader(kind)).plugin(plugin).on(EventsLost.class, told::add).start()) {
            plugin.session().emit(RingPlugin.FIXED, 0, 300);
            assertEquals(new EventCounts(300, 300, 0, 0, 100, 0), stop(garrison));
        }
        assertEquals(200, handled.get());
        assertEquals(100, told.stream().filter(e -> e.where().equals("handler")).mapToLong(EventsLost::count).sum());
        assertTrue(told.getFirst().detail().contains("thrown for the test"), told.getFirst().detail());
    }

    @Test
    void unboundType_isCountedAndTold_andDiscardedRecordsAreNoEvents() {
        List<EventsLost> told = new CopyOnWriteArrayList<>();
        RingPlugin plugin = new RingPlugin("ring-test");
        try (Garrison garrison = Garrison.builder().plugin(plugin).on(EventsLost.class, told::add).start()) {
            plugin.session().emit(RingPlugin.DISCARDED, 0, 100);
            plugin.session().emit(RingPlugin.UNBOUND, 0, 50);
            plugin.session().emit(RingPlugin.DISCARDED, 0, 100);
            assertEquals(new EventCounts(50, 50, 0, 50, 0, 0), stop(garrison));
        }
        assertEquals(50, told.stream().filter(e -> e.where().equals("unbound")).mapToLong(EventsLost::count).sum());
        assertTrue(told.getFirst().detail().startsWith("type 4: 16 bytes"), told.getFirst().detail());
    }

    /** Rounds end in waits, so that reading, publishing, epoll and the clock are all within what is measured. */
    @Test
    void rawPath_allocatesNothingPerRecord() {
        AtomicLong seen = new AtomicLong();
        AtomicLong reader = new AtomicLong();
        RingPlugin plugin = new RingPlugin("ring-test").binding((events, session) -> events.raw(RingPlugin.LARGE, "test_large", fields -> {
            var sequence = fields.apply("sequence");
            var payload = fields.apply("payload");
            byte[] target = new byte[232];
            return record -> {
                reader.setPlain(Thread.currentThread().threadId());
                record.copy(payload, target);
                seen.set(record.get(sequence) + 1);
            };
        }));
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Garrison garrison = Garrison.builder().plugin(plugin).start()) {
            long written = 0;
            long before = 0;
            int rounds = 1000;
            for (int round = -rounds; round < rounds; round++) {
                if (round == 0) {
                    before = threads.getThreadAllocatedBytes(reader.get());
                }
                plugin.session().emit(RingPlugin.LARGE, written, 500);
                written += 500;
                await(seen::get, written);
            }
            long bytes = threads.getThreadAllocatedBytes(reader.get()) - before;
            // The look at the kernel's counters, once a second, allocates a little; one object a record would be 16 bytes at least.
            assertTrue(bytes < rounds * 500L, bytes + " bytes for " + rounds * 500 + " records");
            assertEquals(0, garrison.status().plugins().getFirst().events().dropped());
        }
    }

    @Test
    void flexibleArray_readsTheRestOfTheRecord() throws Exception {
        List<Text> texts = new CopyOnWriteArrayList<>();
        Map<Integer, String> copied = new ConcurrentHashMap<>();
        RingPlugin plugin = new RingPlugin("ring-test").binding((events, session) -> events.on(RingPlugin.TEXT, "test_text", Text.class, texts::add));
        RingPlugin raw = new RingPlugin("raw").binding((events, session) -> events.raw(RingPlugin.TEXT, "test_text", fields -> {
            var text = fields.apply("text");
            return record -> {
                for (int room : new int[] {4, 100}) {
                    byte[] target = new byte[room];
                    int count = record.copy(text, target);
                    copied.put(room, count + ":" + new String(target, 0, count, java.nio.charset.StandardCharsets.UTF_8));
                }
            };
        }));
        try (Garrison garrison = Garrison.builder().plugin(plugin).plugin(raw).start()) {
            plugin.session().emit(RingPlugin.TEXT, 5, 2);
            raw.session().emit(RingPlugin.TEXT, 5, 1);
            await(() -> (long) texts.size() + copied.size(), 4);
            assertEquals(2, garrison.status().plugins().size());
        }
        assertEquals(List.of(new Text(5, "flexible ä end"), new Text(6, "flexible ä end")), texts);
        assertEquals(Map.of(4, "4:flex", 100, "16:flexible ä end\0"), copied);
    }

    @ParameterizedTest
    @EnumSource(ReaderKind.class)
    void stopWhileFlooded_endsAndAccountsForEveryRecord(ReaderKind kind) throws Exception {
        AtomicBoolean on = new AtomicBoolean(true);
        AtomicLong written = new AtomicLong();
        RingPlugin plugin = new RingPlugin("ring-test").ring(1 << 16);
        try (Garrison garrison = Garrison.builder().config(reader(kind)).plugin(plugin).start()) {
            RingPlugin.Session session = plugin.session();
            Thread writer = Thread.ofPlatform().start(() -> {
                while (on.get()) {
                    session.emit(RingPlugin.LARGE, 0, 100);
                    written.addAndGet(100);
                }
            });
            await(() -> garrison.status().plugins().getFirst().events().received() > 0 ? 1 : 0, 1);
            Thread.sleep(300);
            on.set(false);
            writer.join();
            EventCounts counts = stop(garrison);
            assertEquals(written.get(), counts.sent());
            assertEquals(counts.sent(), counts.received() + counts.dropped());
        }
    }

    @Test
    void hundredStartsAndStops_leaveNoDescriptorAndNoThread() {
        RingPlugin plugin = new RingPlugin("ring-test");
        try (Garrison garrison = Garrison.builder().start()) {
            garrison.add(plugin);
            garrison.remove(plugin);
            Footprint before = Footprint.now();
            for (int i = 0; i < 100; i++) {
                garrison.add(plugin);
                plugin.session().emit(RingPlugin.FIXED, i, 10);
                assertTrue(garrison.remove(plugin));
            }
            assertEquals(before, Footprint.now());
        }
    }

    private interface Figure {
        long now();
    }

    /** Yields until a figure is reached; a minute is far more than any machine needs. */
    private static void await(Figure figure, long wanted) {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (figure.now() < wanted) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("reached " + figure.now() + " of " + wanted + " within a minute");
            }
            Thread.onSpinWait();
        }
    }

    private static void pause(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
