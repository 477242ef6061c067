// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.framework.Status.EventCounts;
import garrison.framework.Status.PluginStatus;
import garrison.spi.Event;
import garrison.spi.EventsLost;
import garrison.spi.HandlerStalled;
import garrison.spi.PluginState;
import garrison.spi.RecordView;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two plugins, both flooded by this machine's kernel; the handler of the one misbehaves. Every record of both is accounted for, to the
 * event, and the other one loses none and waits for nothing.
 */
@Timeout(120)
class ContainmentTest {
    private static final int BATCH = 500;
    /** A batch of the good plugin takes milliseconds; a reader that waited for a blocked one would wait for ever. */
    private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final List<Event> heard = new CopyOnWriteArrayList<>();
    private final AtomicLong handled = new AtomicLong();
    private final AtomicReference<String> wrong = new AtomicReference<>();
    private final AtomicBoolean on = new AtomicBoolean(true);
    private final AtomicLong flooded = new AtomicLong();
    private long emitted;
    private long slowest;

    private final RingPlugin good = new RingPlugin("good").binding((events, session) -> events.raw(RingPlugin.LARGE, "test_large", fields -> {
        RecordView.Field sequence = fields.apply("sequence");
        return record -> {
            if (record.get(sequence) != handled.get()) {
                wrong.compareAndSet(null, "record " + record.get(sequence) + " after " + handled.get());
            }
            handled.incrementAndGet();
        };
    }));

    private interface Handler {
        void handle(RecordView record, RecordView.Field sequence);
    }

    private static RingPlugin bad(Handler handler) {
        return new RingPlugin("bad").ring(1 << 16).binding((events, session) -> events.raw(RingPlugin.LARGE, "test_large", fields -> {
            RecordView.Field sequence = fields.apply("sequence");
            return record -> handler.handle(record, sequence);
        }));
    }

    private Garrison start(RingPlugin bad) {
        return Garrison.builder().plugin(bad).plugin(good).listener(heard::add).start();
    }

    /** Floods the bad plugin from a thread of its own. */
    private Thread flood(RingPlugin bad) {
        RingPlugin.Session session = bad.session();
        return Thread.ofPlatform().start(() -> {
            while (on.get()) {
                session.emit(RingPlugin.LARGE, 0, BATCH);
                flooded.addAndGet(BATCH);
            }
        });
    }

    /** Writes one batch of the good plugin's and waits until it is handled. */
    private void batch() {
        long begin = System.nanoTime();
        good.session().emit(RingPlugin.LARGE, emitted, BATCH);
        emitted += BATCH;
        while (handled.get() < emitted) {
            assertTrue(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(30), "handled " + handled + " of " + emitted);
            Thread.onSpinWait();
        }
        slowest = Math.max(slowest, System.nanoTime() - begin);
    }

    private void whileGood(BooleanSupplier until) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!until.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "not within 60 s");
            batch();
        }
    }

    private static BooleanSupplier after(long millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        return () -> System.nanoTime() > end;
    }

    private static PluginStatus status(Garrison garrison, String plugin) {
        return garrison.status().plugins().stream().filter(p -> p.name().equals(plugin)).findFirst().orElseThrow();
    }

    /** Stops both and checks every count. */
    private EventCounts account(Garrison garrison) {
        garrison.reload(ConfigFactory.parseString("garrison.plugins { good.enabled = false, bad.enabled = false }"));
        EventCounts of = status(garrison, "bad").events();
        System.out.printf("bad: %s; good: %d events, none lost, slowest batch of %d took %.1f ms%n", of, emitted, BATCH, slowest / 1e6);
        assertAll(() -> assertEquals(new EventCounts(emitted, emitted, 0, 0, 0, 0), status(garrison, "good").events()),
                () -> assertNull(wrong.get()), () -> assertTrue(slowest < MOST_NANOS, slowest + " ns"),
                () -> assertEquals(flooded.get(), of.sent()), () -> assertEquals(of.sent(), of.received() + of.dropped()));
        return of;
    }

    private static void pause(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void blockedHandler_isToldAndShown_andCostsTheOtherNone() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        RingPlugin bad = bad((record, sequence) -> pause(release));
        try (Garrison garrison = start(bad)) {
            Thread flood = flood(bad);
            whileGood(() -> heard.stream().anyMatch(HandlerStalled.class::isInstance));
            HandlerStalled stalled = (HandlerStalled) heard.stream().filter(HandlerStalled.class::isInstance).findFirst().orElseThrow();
            PluginStatus shown = status(garrison, "bad");
            assertAll(() -> assertEquals("bad", stalled.plugin()), () -> assertTrue(stalled.stalled()),
                    () -> assertTrue(stalled.duration().toSeconds() >= 5, stalled.toString()),
                    () -> assertTrue(stalled.where().contains("ContainmentTest.pause"), stalled.where()),
                    () -> assertEquals(PluginState.ACTIVE, shown.state()),
                    () -> assertTrue(shown.reason().contains("its handler has not come back for"), shown.reason()),
                    () -> assertEquals("", status(garrison, "good").reason()));
            release.countDown();
            whileGood(() -> heard.stream().filter(HandlerStalled.class::isInstance).count() == 2);
            assertEquals("", status(garrison, "bad").reason());
            on.set(false);
            flood.join();
            EventCounts counts = account(garrison);
            assertTrue(counts.dropped() > 0, "a flood that a blocked handler does not take: " + counts);
        }
        assertTrue(heard.stream().noneMatch(e -> e instanceof HandlerStalled s && s.plugin().equals("good")));
        assertTrue(heard.stream().noneMatch(e -> e instanceof EventsLost l && l.plugin().equals("good")));
    }

    @Test
    void handlerThatThrowsAlways_isCountedToTheEvent_andToldOnceASecond() throws Exception {
        RingPlugin bad = bad((record, sequence) -> {
            throw new IllegalStateException("thrown for the test");
        });
        long begin = System.nanoTime();
        EventCounts counts;
        try (Garrison garrison = start(bad)) {
            Thread flood = flood(bad);
            whileGood(after(2500));
            assertTrue(status(garrison, "bad").events().failed() > 0, "it is shown while it happens");
            on.set(false);
            flood.join();
            counts = account(garrison);
        }
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin);
        List<EventsLost> told = heard.stream().filter(e -> e instanceof EventsLost l && l.where().equals("handler"))
                .map(EventsLost.class::cast).toList();
        assertAll(() -> assertEquals(counts.received(), counts.failed()),
                () -> assertEquals(counts.failed(), told.stream().mapToLong(EventsLost::count).sum()),
                () -> assertTrue(told.size() <= seconds + 2, told.size() + " told in " + seconds + " s"),
                () -> assertTrue(told.getFirst().detail().contains("thrown for the test"), told.getFirst().detail()));
    }

    /** Views kept and given away reach nothing, whatever becomes of the memory behind them. */
    @Test
    void handlerThatLeaksItsViews_reachesNothingAfterwards() throws Exception {
        AtomicReference<RecordView> kept = new AtomicReference<>();
        AtomicReference<RecordView.Field> field = new AtomicReference<>();
        RingPlugin bad = bad((record, sequence) -> {
            kept.set(record);
            field.set(sequence);
        });
        AtomicLong refused = new AtomicLong();
        AtomicLong reached = new AtomicLong();
        AtomicBoolean reading = new AtomicBoolean(true);
        Thread thief = Thread.ofPlatform().start(() -> {
            while (reading.get()) {
                RecordView view = kept.get();
                if (view != null) {
                    try {
                        view.get(field.get());
                        reached.incrementAndGet();
                    } catch (WrongThreadException e) {
                        refused.incrementAndGet();
                    }
                }
            }
        });
        try (Garrison garrison = start(bad)) {
            Thread flood = flood(bad);
            whileGood(after(1000));
            on.set(false);
            flood.join();
            account(garrison);
        }
        reading.set(false);
        thief.join();
        assertEquals(0, reached.get());
        assertTrue(refused.get() > 0);
    }

    /** What one handler publishes floods those who listen to all; the events of the other arrive. */
    @Test
    void handlerThatPublishesWithoutEnd_takesNoOthersPlaceWithAListener() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        List<Long> fromGood = new CopyOnWriteArrayList<>();
        AtomicReference<RingPlugin> self = new AtomicReference<>();
        RingPlugin bad = bad((record, sequence) -> self.get().session().context().publish(
                new RingPlugin.Emitted("bad", java.time.Instant.EPOCH, record.get(sequence), null)));
        self.set(bad);
        RingPlugin quiet = new RingPlugin("quiet");
        try (Garrison garrison = Garrison.builder().config(ConfigFactory.parseString("garrison.events.queue = 1000"))
                .plugin(bad).plugin(quiet).listener(event -> {
                    pause(release);
                    if (event instanceof RingPlugin.Emitted e && e.plugin().equals("quiet")) {
                        fromGood.add(e.sequence());
                    }
                }).start()) {
            Thread flood = flood(bad);
            while (garrison.status().listeners().getFirst().lost() < 10_000) {
                Thread.sleep(10);
            }
            quiet.session().emit(RingPlugin.FIXED, 1, 100);
            while (status(garrison, "quiet").events().received() < 100) {
                Thread.sleep(10);
            }
            on.set(false);
            flood.join();
            release.countDown();
        }
        assertEquals(java.util.stream.LongStream.rangeClosed(1, 100).boxed().toList(), fromGood);
    }
}
