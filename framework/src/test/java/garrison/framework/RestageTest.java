// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.framework.RingPlugin.Step;
import garrison.framework.Status.PluginStatus;
import garrison.spi.Event;
import garrison.spi.Mode;
import garrison.spi.PluginChanged;
import garrison.spi.PluginContext;
import garrison.spi.PluginState;
import garrison.spi.PolicyChange;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Changes of policy that a plugin asks for of its own accord. */
@Timeout(60)
class RestageTest {
    private final List<Event> heard = new CopyOnWriteArrayList<>();
    private final RingPlugin plugin = new RingPlugin("own");
    private final List<String> steps = new CopyOnWriteArrayList<>();

    private Garrison start() {
        return Garrison.builder().plugin(plugin).listener(heard::add).start();
    }

    private final class Change implements PolicyChange {
        @Override
        public Set<String> programs() {
            return Set.of();
        }

        @Override
        public void commit() {
            steps.add("commit");
        }

        @Override
        public void close() {
            steps.add("close");
        }
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private long changes(String detail) {
        return heard.stream().filter(e -> e instanceof PluginChanged c && c.state() == PluginState.ACTIVE && c.detail().contains(detail)).count();
    }

    private static PluginStatus status(Garrison garrison) {
        return garrison.status().plugins().getFirst();
    }

    @Test
    void change_isCommittedAndTold_andTheModeStaysAsItWasSwitched() throws InterruptedException {
        try (Garrison garrison = start()) {
            garrison.mode("own", Mode.ENFORCE);
            await(() -> changes("") == 2);
            plugin.session().context().restage(object -> Optional.of(new Change()));
            await(() -> changes("") == 3);
            assertAll(
                    () -> assertEquals(List.of("commit", "close"), steps),
                    () -> assertEquals(Mode.ENFORCE, status(garrison).mode()),
                    () -> assertEquals(2, plugin.session().modeInKernel()),
                    () -> assertEquals(1, plugin.steps.stream().filter(Step.STAGE::equals).count(), "the settings are not read again"));
        }
    }

    @Test
    void nothingToChange_isNoChange() throws InterruptedException {
        try (Garrison garrison = start()) {
            CountDownLatch asked = new CountDownLatch(1);
            plugin.session().context().restage(object -> {
                asked.countDown();
                return Optional.empty();
            });
            asked.await();
            garrison.reload(ConfigFactory.empty()); // takes its turn after it
            assertEquals(2, changes(""));
        }
    }

    @Test
    void refusedChange_isToldOnce_andShownUntilTheNextChange() throws InterruptedException {
        try (Garrison garrison = start()) {
            plugin.session().context().restage(object -> {
                throw RingPlugin.refusal();
            });
            await(() -> changes("refused for the test") == 1);
            assertAll(
                    () -> assertEquals(PluginState.ACTIVE, status(garrison).state()),
                    () -> assertTrue(status(garrison).reason().contains("refused for the test"), () -> status(garrison).toString()));
            garrison.reload(ConfigFactory.empty());
            assertEquals("", status(garrison).reason());
            assertEquals(1, changes("refused for the test"));
        }
    }

    @Test
    void runThatHasEnded_isNotCalled() throws InterruptedException {
        AtomicBoolean called = new AtomicBoolean();
        try (Garrison garrison = start()) {
            PluginContext ended = plugin.session().context();
            garrison.remove(plugin);
            garrison.add(plugin);
            ended.restage(object -> {
                called.set(true);
                return Optional.empty();
            });
            CountDownLatch asked = new CountDownLatch(1);
            plugin.session().context().restage(object -> {
                asked.countDown();
                return Optional.empty();
            });
            asked.await();
        }
        await(() -> Thread.getAllStackTraces().keySet().stream().noneMatch(thread -> thread.getName().equals("garrison-change")));
        assertFalse(called.get());
    }

    /** What a stop waits for may ask. */
    @Test
    void threadThatAStopWaitsFor_mayAskMeanwhile() {
        AtomicBoolean called = new AtomicBoolean();
        plugin.on(Step.CLOSE, () -> {
            PluginContext context = plugin.session().context();
            Thread own = Thread.ofPlatform().start(() -> context.restage(object -> {
                called.set(true);
                return Optional.empty();
            }));
            try {
                own.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        start().close();
        assertFalse(called.get());
    }
}
