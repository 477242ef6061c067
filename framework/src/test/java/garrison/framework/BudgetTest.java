// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Status.EventCounts;
import garrison.framework.Status.PluginStatus;
import garrison.framework.Status.ProgramCost;
import garrison.spi.ActualMode;
import garrison.spi.Budget;
import garrison.spi.BudgetChanged;
import garrison.spi.ConfigurationException;
import garrison.spi.EnforcementChanged;
import garrison.spi.Event;
import garrison.spi.EventsLost;
import garrison.spi.Mode;
import garrison.spi.OnOverrun;
import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PluginState;
import garrison.spi.ProgramSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Budgets, with this machine's kernel counting. {@code test_emit} takes as long as it is told to, so that it is over its budget
 * ({@link #dear}) or not ({@link #cheap}) by factors, not by chance.
 */
@Timeout(120)
class BudgetTest {
    private static final int DEAR = 2000;
    private static final int LIMIT = 20_000;

    private final List<Event> heard = new CopyOnWriteArrayList<>();
    private final RingPlugin plugin = new RingPlugin("ring-test").ring(1 << 22);
    private long emitted;

    private static Config config(String budget, String more) {
        return ConfigFactory.parseString("garrison { statistics { window = 100ms, every = 120ms, min-runs = 20 }\n"
                + "plugins.ring-test.budget { " + budget + " }\n" + more + " }");
    }

    private static String limit(String onOverrun) {
        return "ns-per-event = " + LIMIT + ", on-overrun = " + onOverrun;
    }

    private Garrison start(Config config) {
        return Garrison.builder().config(config).plugin(plugin).listener(heard::add).start();
    }

    private void dear() {
        plugin.session().emit(RingPlugin.LARGE, 0, DEAR);
        emitted += DEAR;
    }

    private void cheap() {
        plugin.session().emit(RingPlugin.LARGE, 0, 0);
    }

    private List<BudgetChanged> told() {
        return heard.stream().filter(BudgetChanged.class::isInstance).map(BudgetChanged.class::cast).toList();
    }

    private static PluginStatus status(Garrison garrison) {
        return garrison.status().plugins().getFirst();
    }

    private static void until(BooleanSupplier condition, Runnable work) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "not within 60 s");
            work.run();
        }
    }

    private static void during(long millis, Runnable work) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        until(() -> System.nanoTime() > end, work);
    }

    @Test
    void dearProgram_isToldOnceAndShown_andSoIsItsReturn() {
        try (Garrison garrison = start(config(limit("report"), ""))) {
            until(() -> !told().isEmpty(), this::dear);
            BudgetChanged over = told().getFirst();
            PluginStatus shown = status(garrison);
            ProgramCost cost = shown.budget().programs().getFirst();
            assertAll(() -> assertTrue(over.over()), () -> assertEquals("ring-test", over.plugin()),
                    () -> assertEquals("test_emit", over.program()), () -> assertEquals(LIMIT, over.budget()),
                    () -> assertTrue(over.nsPerEvent() > LIMIT, over.toString()), () -> assertTrue(over.runs() >= 20, over.toString()),
                    () -> assertEquals(OnOverrun.REPORT, over.action()), () -> assertEquals(1, over.sampling()),
                    () -> assertTrue(shown.budget().over()), () -> assertEquals(LIMIT, shown.budget().nsPerEvent()),
                    () -> assertEquals("test_emit", cost.program()), () -> assertTrue(cost.nsPerRun() > LIMIT, cost.toString()),
                    () -> assertEquals(PluginState.ACTIVE, shown.state()));
            during(600, this::dear);
            assertEquals(1, told().size(), "told again and again: " + told());
            until(() -> told().size() == 2, this::cheap);
            assertAll(() -> assertEquals(false, told().getLast().over()), () -> assertEquals(false, status(garrison).budget().over()));
        }
    }

    @Test
    void cheapProgram_andOneLongRunAmongMany_areNoOverrun() {
        try (Garrison garrison = start(config(limit("detach"), ""))) {
            for (int i = 0; i < 3; i++) {
                plugin.session().emit(RingPlugin.LARGE, 0, 200_000); // as long as hundreds of others may take together
                during(400, this::cheap);
            }
            assertTrue(status(garrison).budget().programs().stream().anyMatch(p -> p.runs() >= 20), "it was measured");
            assertEquals(List.of(), told());
            assertEquals(PluginState.ACTIVE, status(garrison).state());
        }
    }

    @Test
    void tooFewRuns_areNotJudged() {
        try (Garrison garrison = start(ConfigFactory.parseString("garrison.statistics.min-runs = 1000000")
                .withFallback(config(limit("detach"), "")))) {
            during(600, this::dear);
            assertTrue(status(garrison).budget().programs().getFirst().nsPerRun() > LIMIT, "it was measured");
            assertEquals(List.of(), told());
        }
    }

    @Test
    void sample_fewerRecordsAreWritten_eachOfTheOthersIsCountedAndTold() {
        EventCounts counts;
        try (Garrison garrison = start(config(limit("sample"), ""))) {
            until(() -> !told().isEmpty(), this::dear);
            assertEquals(OnOverrun.SAMPLE, told().getFirst().action());
            assertEquals(4, told().getFirst().sampling());
            until(() -> status(garrison).budget().sampling() >= 16, this::dear);
            garrison.reload(config(limit("sample"), "plugins.ring-test.enabled = false"));
            counts = status(garrison).events();
            assertEquals(emitted, counts.sent() + counts.sampledOut(), "" + counts);
            assertEquals(counts.sent(), counts.received() + counts.dropped(), "" + counts);
            assertTrue(counts.sampledOut() > 0, "" + counts);
        }
        long lost = heard.stream().filter(e -> e instanceof EventsLost l && l.where().equals("sampled"))
                .mapToLong(e -> ((EventsLost) e).count()).sum();
        assertEquals(counts.sampledOut(), lost);
    }

    @Test
    void sampling_endsWithAReload() {
        try (Garrison garrison = start(config(limit("sample"), ""))) {
            until(() -> !told().isEmpty(), this::dear);
            garrison.reload(ConfigFactory.parseString("garrison.statistics.every = 0s").withFallback(config(limit("sample"), "")));
            assertEquals(1, status(garrison).budget().sampling());
            EventCounts before = settled(garrison);
            plugin.session().emit(RingPlugin.LARGE, 0, 1000);
            EventCounts after = settled(garrison, before.received() + before.dropped() + 1000);
            assertEquals(before.sampledOut(), after.sampledOut(), "nothing is left out any more");
        }
    }

    private static EventCounts settled(Garrison garrison) {
        return settled(garrison, 0);
    }

    /** Counts of the kernel are looked at once a second. */
    private static EventCounts settled(Garrison garrison, long least) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(2500);
        until(() -> System.nanoTime() > end && status(garrison).events().received() + status(garrison).events().dropped() >= least,
                () -> pause(50));
        return status(garrison).events();
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void demote_refusesNoMore_isToldAndShown_untilTheModeIsSwitched() {
        try (Garrison garrison = start(config(limit("demote"), "mode = ENFORCE"))) {
            assertEquals(2, plugin.session().modeInKernel());
            until(() -> !told().isEmpty(), this::dear);
            until(() -> heard.stream().anyMatch(EnforcementChanged.class::isInstance), () -> pause(10));
            EnforcementChanged changed = (EnforcementChanged) heard.stream().filter(EnforcementChanged.class::isInstance).findFirst()
                    .orElseThrow();
            PluginStatus shown = status(garrison);
            assertAll(() -> assertEquals(1, plugin.session().modeInKernel()), () -> assertEquals(OnOverrun.DEMOTE, told().getFirst().action()),
                    () -> assertEquals(Mode.ENFORCE, changed.requested()), () -> assertEquals(ActualMode.AUDIT, changed.actual()),
                    () -> assertEquals(Mode.ENFORCE, shown.mode()), () -> assertEquals(ActualMode.AUDIT, shown.actual()),
                    () -> assertTrue(shown.shortfall().contains("demoted to AUDIT, since test_emit took"), shown.shortfall()));
            garrison.mode("ring-test", Mode.ENFORCE);
            assertEquals(2, plugin.session().modeInKernel());
            assertEquals(ActualMode.ENFORCE, status(garrison).actual());
        }
    }

    @Test
    void reportAndSample_neverTouchTheMode() {
        for (String policy : List.of("report", "sample")) {
            heard.clear();
            try (Garrison garrison = start(config(limit(policy), "mode = ENFORCE"))) {
                until(() -> !told().isEmpty(), this::dear);
                during(300, this::dear);
                assertEquals(2, plugin.session().modeInKernel(), policy);
                assertEquals(ActualMode.ENFORCE, status(garrison).actual(), policy);
            }
        }
    }

    @Test
    void detach_stopsThatPluginOnly_andAReloadStartsItAgain() {
        RingPlugin other = new RingPlugin("other");
        try (Garrison garrison = start(config(limit("detach"), ""))) {
            garrison.add(other);
            RingPlugin.Session first = plugin.session();
            until(() -> garrison.status().plugins().getLast().state() == PluginState.STOPPED, () -> {
                try {
                    first.emit(RingPlugin.LARGE, 0, DEAR);
                } catch (IllegalStateException closed) {
                    pause(10);
                }
            });
            PluginStatus shown = garrison.status().plugins().getLast();
            assertAll(() -> assertEquals("ring-test", shown.name()), () -> assertEquals(OnOverrun.DETACH, told().getFirst().action()),
                    () -> assertTrue(shown.reason().startsWith("detached until the next reload, since test_emit took"), shown.reason()),
                    () -> assertEquals(PluginState.ACTIVE, garrison.status().plugins().getFirst().state()));
            garrison.reload(config("ns-per-event = 0", ""));
            assertEquals(PluginState.ACTIVE, garrison.status().plugins().getLast().state());
        }
    }

    @Test
    void statistics_areOnInWindowsOnly_andTheSysctlStaysAsItWas() throws Exception {
        Path sysctl = Path.of("/proc/sys/kernel/bpf_stats_enabled");
        String before = Files.readString(sysctl);
        try (Garrison garrison = start(ConfigFactory.parseString("garrison.statistics.every = 0s").withFallback(config(limit("detach"), "")))) {
            during(500, this::dear);
            assertEquals(List.of(), status(garrison).budget().programs());
            assertEquals(0, plugin.session().object().runs("test_emit").count(), "nobody else's statistics are on either");
            garrison.reload(config(limit("report"), ""));
            until(() -> !told().isEmpty(), this::dear);
            assertEquals(before, Files.readString(sysctl));
            garrison.reload(ConfigFactory.parseString("garrison.statistics.every = 0s").withFallback(config("", "")));
            until(() -> {
                long runs = plugin.session().object().runs("test_emit").count();
                dear();
                return plugin.session().object().runs("test_emit").count() == runs;
            }, () -> pause(10));
        }
    }

    /** What a plugin declares holds where the configuration says nothing. */
    @Test
    void declaredBudget_holdsUnlessConfigured() {
        try (Garrison garrison = Garrison.builder().plugin(new Thrifty(plugin)).start()) {
            assertEquals(LIMIT, status(garrison).budget().nsPerEvent());
            assertEquals("demote", status(garrison).budget().onOverrun());
            garrison.reload(config("ns-per-event = 77", ""));
            assertEquals(77, status(garrison).budget().nsPerEvent());
            assertEquals("demote", status(garrison).budget().onOverrun());
        }
        ConfigurationException e = assertThrows(ConfigurationException.class, () -> Garrison.builder().config(
                ConfigFactory.parseString("garrison.statistics { window = 2s, every = 1s }")).start().close());
        assertTrue(e.getMessage().contains("garrison.statistics.every is shorter than the window of 2000 ms"), e.getMessage());
    }

    private record Thrifty(RingPlugin inner) implements Plugin {
        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public List<ProgramSource> objects() {
            return inner.objects();
        }

        @Override
        public Budget budget() {
            return new Budget(LIMIT, OnOverrun.DEMOTE);
        }

        @Override
        public PluginSession open(PluginContext context) {
            return inner.open(context);
        }
    }
}
