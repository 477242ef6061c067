// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.Status.EventCounts;
import garrison.itests.Guest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two plugins at one hook; the handler of the one blocks or throws. The native form floods harder. */
@Timeout(300)
class ContainmentTest {
    /** More than the 2,048 records that the ring of the blocked one has room for. */
    private static final int EVENTS = Guest.isLong() ? 100_000 : 2_500;
    private static final int BATCH = 500;

    private final HookPlugin bad = new HookPlugin("bad");
    private final HookPlugin good = new HookPlugin("good");
    private final Path folder = Guest.scratch("containment");
    private long slowest;

    private static Config config(String more) {
        return ConfigFactory.parseString("garrison.plugins { bad.programs = [ hook_mkdir ], good.programs = [ hook_mkdir ]\n" + more + " }");
    }

    private static EventCounts counts(Garrison garrison, String plugin) {
        return garrison.status().plugins().stream().filter(p -> p.name().equals(plugin)).findFirst().orElseThrow().events();
    }

    /** Makes directories, and has the good plugin hear of each batch before the next. */
    private void flood() throws IOException {
        for (int made = 0; made < EVENTS; made += BATCH) {
            for (int i = 0; i < BATCH; i++) {
                Files.delete(Files.createDirectory(folder.resolve("made")));
            }
            long begin = System.nanoTime();
            int wanted = made + BATCH;
            Guest.await("the good plugin hears all", () -> good.heard.get(HookPlugin.MKDIR) >= wanted);
            slowest = Math.max(slowest, System.nanoTime() - begin);
        }
    }

    private EventCounts account(Garrison garrison) {
        garrison.reload(config("bad.enabled = false, good.enabled = false"));
        EventCounts of = counts(garrison, "bad");
        System.out.printf("bad: %s; good: %s, heard of the last event of a batch after at most %.0f ms%n", of,
                counts(garrison, "good"), slowest / 1e6);
        assertAll(() -> assertEquals(new EventCounts(EVENTS, EVENTS, 0, 0, 0, 0), counts(garrison, "good")),
                () -> assertEquals(EVENTS, of.sent()), () -> assertEquals(EVENTS, of.received() + of.dropped()));
        return of;
    }

    @Test
    void blockedHandler_losesItsOwnEventsOnly() throws IOException {
        CountDownLatch release = new CountDownLatch(1);
        bad.extra = () -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        try (Garrison garrison = Garrison.builder().config(config("")).plugin(bad).plugin(good).start()) {
            flood();
            assertTrue(bad.heard.get(HookPlugin.MKDIR) <= 1, "it is blocked");
            release.countDown();
            EventCounts counts = account(garrison);
            assertTrue(counts.dropped() > 0, counts.toString());
        }
    }

    @Test
    void throwingHandler_losesItsOwnEventsOnly() throws IOException {
        bad.extra = () -> {
            throw new IllegalStateException("thrown for the test");
        };
        try (Garrison garrison = Garrison.builder().config(config("")).plugin(bad).plugin(good).start()) {
            flood();
            EventCounts counts = account(garrison);
            assertEquals(counts.received(), counts.failed());
        }
    }
}
