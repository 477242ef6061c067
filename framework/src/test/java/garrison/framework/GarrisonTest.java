// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.RingPlugin.Emitted;
import garrison.framework.RingPlugin.Fixed;
import garrison.framework.RingPlugin.Step;
import garrison.framework.Status.EventCounts;
import garrison.framework.Status.PluginStatus;
import garrison.spi.ConfigurationException;
import garrison.spi.Event;
import garrison.spi.GarrisonException;
import garrison.spi.Mode;
import garrison.spi.PluginChanged;
import garrison.spi.PluginState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whole runs on this machine's own kernel, which lets everyone load and run {@code syscall} programs. */
@Timeout(60)
class GarrisonTest {
    private final BlockingQueue<Event> heard = new LinkedBlockingQueue<>();

    private static Config config(String hocon) {
        return ConfigFactory.parseString(hocon);
    }

    private static PluginStatus only(Garrison garrison) {
        assertEquals(1, garrison.status().plugins().size());
        return garrison.status().plugins().getFirst();
    }

    private <E extends Event> E next(Class<E> type) throws InterruptedException {
        while (true) {
            Event event = heard.poll(20, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError("no " + type.getSimpleName() + " within 20 s");
            }
            if (type.isInstance(event)) {
                return type.cast(event);
            }
        }
    }

    @Test
    void embeddedPlugin_eventFromTheKernel_reachesTheConsumerWithAllFields() throws Exception {
        RingPlugin plugin = new RingPlugin("ring-test");
        Instant before = Instant.now();
        try (Garrison garrison = Garrison.builder().plugin(plugin).on(Emitted.class, heard::add).start()) {
            plugin.session().emit(RingPlugin.FIXED, 77, 1);
            Emitted emitted = next(Emitted.class);
            Fixed fixed = emitted.fixed();
            assertEquals(77, fixed.sequence());
            assertEquals(42, fixed.knob(), "the constant set before load");
            assertEquals(-5, fixed.minusFive());
            assertEquals((short) 0xfffe, fixed.small());
            assertEquals((byte) 0x80, fixed.tiny());
            assertEquals(3, fixed.plainEnum());
            assertEquals("ring", fixed.name(), "up to the NUL");
            assertArrayEquals(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, fixed.rawBytes());
            assertEquals(0xdeadbeef, fixed.inner().left());
            assertEquals(-1, fixed.inner().rightSide());
            assertEquals(1, fixed.header().generation());
            Duration off = Duration.between(before, emitted.time());
            assertTrue(off.compareTo(Duration.ofMillis(-50)) > 0 && off.compareTo(Duration.ofSeconds(30)) < 0,
                    "kernel time " + emitted.time() + " against " + before);
            assertEquals(PluginState.ACTIVE, only(garrison).state());
        }
    }

    @Test
    void run_takesItsStepsInThePromisedOrder() {
        RingPlugin plugin = new RingPlugin("ring-test");
        try (Garrison garrison = Garrison.builder().plugin(plugin).start()) {
            assertEquals(PluginState.ACTIVE, only(garrison).state());
        }
        List<Step> steps = plugin.steps.stream().filter(s -> s != Step.STATUS).toList();
        assertEquals(List.of(Step.OPEN, Step.CONFIGURE, Step.BIND, Step.STAGE, Step.COMMIT, Step.PROGRAMS, Step.DROP, Step.CLOSE), steps);
    }

    @Test
    void pluginDefaults_comeFromItsReferenceConf_andTheUserGoesBefore() {
        RingPlugin plugin = new RingPlugin("ring-test");
        try (Garrison garrison = Garrison.builder().plugin(plugin).start()) {
            assertEquals(7, plugin.session().limit());
            assertEquals("7", only(garrison).figures().get("limit"));
        }
        try (Garrison garrison = Garrison.builder().config(config("garrison.plugins.ring-test.limit = 9")).plugin(plugin).start()) {
            assertEquals("9", only(garrison).figures().get("limit"));
        }
    }

    @Test
    void mode_isDataInTheKernel_switchedWithoutReload() throws Exception {
        RingPlugin plugin = new RingPlugin("ring-test");
        try (Garrison garrison = Garrison.builder().config(config("garrison.mode = ENFORCE")).plugin(plugin).listener(heard::add).start()) {
            assertEquals(2, plugin.session().modeInKernel());
            garrison.mode("ring-test", Mode.AUDIT);
            assertEquals(1, plugin.session().modeInKernel());
            assertEquals(Mode.AUDIT, only(garrison).mode());
            assertEquals(List.of(PluginState.STARTING, PluginState.ACTIVE, PluginState.ACTIVE),
                    List.of(next(PluginChanged.class).state(), next(PluginChanged.class).state(), next(PluginChanged.class).state()));
            garrison.reload(config("garrison { mode = AUDIT, plugins.ring-test.mode = enforce }"));
            assertEquals(2, plugin.session().modeInKernel());
        }
    }

    @Test
    void reload_newPolicyIsInForce_andTheTimeIsTold() {
        RingPlugin plugin = new RingPlugin("ring-test");
        try (Garrison garrison = Garrison.builder().plugin(plugin).start()) {
            Duration taken = garrison.reload(config("garrison.plugins.ring-test.limit = 11"));
            assertEquals(11, plugin.session().limit());
            assertTrue(taken.isPositive() && taken.compareTo(Duration.ofSeconds(20)) < 0, taken.toString());
            assertEquals("11", only(garrison).figures().get("limit"));
        }
    }

    @Test
    void reload_onePluginRefuses_nothingChangesAnywhere() {
        RingPlugin first = new RingPlugin("first");
        RingPlugin second = new RingPlugin("second");
        String old = "garrison.plugins { first.limit = 1, second.limit = 2 }";
        try (Garrison garrison = Garrison.builder().config(config(old)).plugin(first).plugin(second).start()) {
            ConfigurationException e = assertThrows(ConfigurationException.class, () -> garrison.reload(config(
                    "garrison { mode = ENFORCE, plugins { first.limit = 3, second { limit = 4, refuse = true } } }")));
            assertTrue(e.getMessage().contains("garrison.plugins.second.refuse says so; write refuse = false"), e.getMessage());
            assertEquals(1, first.session().limit());
            assertEquals(2, second.session().limit());
            assertEquals(1, first.session().modeInKernel());
            assertEquals(2, garrison.status().plugins().stream().filter(p -> p.state() == PluginState.ACTIVE).count());
            assertEquals(List.of(Step.STAGE, Step.PROGRAMS, Step.DROP), lastSteps(first, 3), "what was staged is given up");
        }
    }

    @Test
    void reload_secondCommitFails_firstGoesBackToItsFormerPolicy() {
        RingPlugin first = new RingPlugin("first");
        RingPlugin second = new RingPlugin("second");
        String old = "garrison.plugins { first.limit = 1, second.limit = 2 }";
        try (Garrison garrison = Garrison.builder().config(config(old)).plugin(first).plugin(second).start()) {
            second.on(Step.COMMIT, () -> {
                throw new IllegalStateException("commit refused for the test");
            });
            GarrisonException e = assertThrows(GarrisonException.class,
                    () -> garrison.reload(config("garrison { mode = ENFORCE, plugins { first.limit = 3, second.limit = 4 } }")));
            assertTrue(e.getMessage().contains("plugin second") && e.getMessage().contains("commit refused for the test"), e.getMessage());
            assertEquals(1, first.session().limit());
            assertEquals(1, first.session().modeInKernel());
            assertEquals(2, second.session().limit());
        }
    }

    @Test
    void reload_kernelRefusesAnAttachment_theFormerPolicyStaysEverywhere() {
        RingPlugin first = new RingPlugin("first");
        RingPlugin second = new RingPlugin("second");
        String old = "garrison.plugins { first.limit = 1, second.limit = 2 }";
        try (Garrison garrison = Garrison.builder().config(config(old)).plugin(first).plugin(second).start()) {
            second.programs(Set.of("test_emit"));
            GarrisonException e = assertThrows(GarrisonException.class,
                    () -> garrison.reload(config("garrison.plugins { first.limit = 3, second.limit = 4 }")));
            assertTrue(e.getMessage().contains("test_emit") && e.getMessage().contains("second"), e.getMessage());
            assertEquals(1, first.session().limit());
            assertEquals(2, second.session().limit());
            second.programs(Set.of());
            garrison.reload(config("garrison.plugins { first.limit = 3, second.limit = 4 }"));
            assertEquals(3, first.session().limit());
            assertEquals(4, second.session().limit());
        }
    }

    @Test
    void attachmentRefused_failsThePluginWithTheKernelsReason() {
        RingPlugin plugin = new RingPlugin("ring-test").programs(Set.of("test_emit"));
        RingPlugin unknown = new RingPlugin("unknown").programs(Set.of("no_such_program"));
        try (Garrison garrison = Garrison.builder().start()) {
            Footprint before = Footprint.now();
            garrison.add(plugin);
            garrison.add(unknown);
            assertEquals(List.of(PluginState.FAILED, PluginState.FAILED), states(garrison));
            String reason = garrison.status().plugins().getFirst().reason();
            assertTrue(reason.contains("test_emit") && reason.contains("syscall"), reason);
            assertTrue(garrison.status().plugins().getLast().reason().contains("no_such_program"));
            assertEquals(before, Footprint.now());
        }
    }

    @Test
    void reload_pluginThatFailedBefore_failsAgainWithoutHoldingUpTheOthers() {
        RingPlugin good = new RingPlugin("good");
        RingPlugin bad = new RingPlugin("bad").programs(Set.of("test_emit"));
        try (Garrison garrison = Garrison.builder().plugin(good).plugin(bad).start()) {
            garrison.reload(config("garrison.plugins.good.limit = 3"));
            assertEquals(3, good.session().limit());
            assertEquals(List.of(PluginState.FAILED, PluginState.ACTIVE), states(garrison));
            bad.on(Step.BIND, () -> {
                throw new IllegalStateException("thrown for the test");
            });
            garrison.reload(config("garrison.plugins.good.limit = 4"));
            assertEquals(4, good.session().limit());
            assertTrue(garrison.status().plugins().getFirst().reason().contains("thrown for the test"));
            bad.on(Step.BIND, () -> {}).programs(Set.of());
            garrison.reload(config("garrison.plugins.good.limit = 5"));
            assertEquals(List.of(PluginState.ACTIVE, PluginState.ACTIVE), states(garrison));
        }
    }

    @Test
    void reload_enablesAndDisables() {
        RingPlugin first = new RingPlugin("first");
        RingPlugin second = new RingPlugin("second");
        String defaults = "limit = 5";
        try (Garrison garrison = Garrison.builder().config(config("garrison.plugins { first { " + defaults + ", enabled = false }, second { "
                + defaults + " } }")).plugin(first).plugin(second).start()) {
            assertEquals(List.of(PluginState.DISABLED, PluginState.ACTIVE), states(garrison));
            garrison.reload(config("garrison.plugins { first { " + defaults + " }, second { enabled = false, " + defaults + " } }"));
            assertEquals(List.of(PluginState.ACTIVE, PluginState.DISABLED), states(garrison));
            assertEquals(Step.CLOSE, second.steps.getLast());
        }
    }

    @Test
    void reload_enablingAPluginWithWrongSettings_isRefusedAndItStaysDisabled() {
        RingPlugin plugin = new RingPlugin("ring-test");
        try (Garrison garrison = Garrison.builder().config(config("garrison.plugins.ring-test.enabled = false")).plugin(plugin).start()) {
            assertThrows(ConfigurationException.class, () -> garrison.reload(config("garrison.plugins.ring-test.limit = 500")));
            assertEquals(List.of(PluginState.DISABLED), states(garrison));
            garrison.reload(config("garrison.plugins.ring-test.limit = 50"));
            assertEquals(List.of(PluginState.ACTIVE), states(garrison));
        }
    }

    @Test
    void misspeltKeyOfAPlugin_failsThatPluginOnly() {
        RingPlugin first = new RingPlugin("first");
        RingPlugin second = new RingPlugin("second");
        String hocon = "garrison.plugins { first { limit = 1, limmit = 2 }, second.limit = 2 }";
        try (Garrison garrison = Garrison.builder().config(config(hocon)).plugin(first).plugin(second).start()) {
            assertEquals(List.of(PluginState.FAILED, PluginState.ACTIVE), states(garrison));
            String reason = garrison.status().plugins().getFirst().reason();
            assertTrue(reason.contains("unknown key garrison.plugins.first.limmit; did you mean 'limit'?"), reason);
        }
    }

    @Test
    void configuredButAbsentPlugin_isToldUntilItComes() {
        try (Garrison garrison = Garrison.builder().config(config("garrison.plugins { ring-test.limit = 3, other {} }")).start()) {
            assertEquals(List.of("other", "ring-test"), garrison.status().absent());
            garrison.add(new RingPlugin("ring-test"));
            assertEquals(List.of("other"), garrison.status().absent());
        }
    }

    @Test
    void sameNameTwice_isRefusedAndTheFirstRunsOn() {
        RingPlugin first = new RingPlugin("ring-test");
        try (Garrison garrison = Garrison.builder().plugin(first).start()) {
            GarrisonException e = assertThrows(GarrisonException.class, () -> garrison.add(new RingPlugin("ring-test")));
            assertTrue(e.getMessage().contains("present already"), e.getMessage());
            assertEquals(PluginState.ACTIVE, only(garrison).state());
        }
    }

    @Test
    void removedPlugin_isClosedAndForgotten_andMayComeBack() {
        RingPlugin plugin = new RingPlugin("ring-test");
        try (Garrison garrison = Garrison.builder().plugin(plugin).start()) {
            assertTrue(garrison.remove(plugin));
            assertEquals(Step.CLOSE, plugin.steps.getLast());
            assertFalse(garrison.remove(plugin));
            assertEquals(List.of(), garrison.status().plugins());
            garrison.add(plugin);
            assertEquals(PluginState.ACTIVE, only(garrison).state());
        }
    }

    @Test
    void twoInstancesAtOnce_keepTheirEventsAndModesApart() throws Exception {
        RingPlugin left = new RingPlugin("ring-test");
        RingPlugin right = new RingPlugin("ring-test");
        BlockingQueue<Emitted> leftHeard = new LinkedBlockingQueue<>();
        BlockingQueue<Emitted> rightHeard = new LinkedBlockingQueue<>();
        Garrison a = Garrison.builder().plugin(left).on(Emitted.class, leftHeard::add).start();
        try (Garrison b = Garrison.builder().config(config("garrison.mode = ENFORCE")).plugin(right)
                        .on(Emitted.class, rightHeard::add).start()) {
            left.session().emit(RingPlugin.FIXED, 1, 3);
            right.session().emit(RingPlugin.FIXED, 100, 2);
            assertEquals(1, left.session().modeInKernel());
            assertEquals(2, right.session().modeInKernel());
            a.close();
            right.session().emit(RingPlugin.FIXED, 102, 1);
            assertEquals(PluginState.ACTIVE, only(b).state());
        }
        assertEquals(List.of(1L, 2L, 3L), leftHeard.stream().map(Emitted::sequence).toList());
        assertEquals(List.of(100L, 101L, 102L), rightHeard.stream().map(Emitted::sequence).toList());
    }

    @Test
    void eventsWrittenJustBeforeStop_areAllHeard() {
        RingPlugin plugin = new RingPlugin("ring-test");
        Garrison garrison = Garrison.builder().plugin(plugin).on(Emitted.class, heard::add).start();
        plugin.session().emit(RingPlugin.FIXED, 0, 5000);
        garrison.remove(plugin);
        garrison.close();
        assertEquals(5000, heard.size());
    }

    @Test
    void statusCounts_sentIsReceivedPlusDropped() {
        RingPlugin plugin = new RingPlugin("ring-test").ring(1 << 16);
        try (Garrison garrison = Garrison.builder().plugin(plugin).start()) {
            for (int i = 0; i < 10; i++) {
                plugin.session().emit(RingPlugin.LARGE, 0, 10_000);
            }
            garrison.reload(config("garrison.plugins.ring-test.enabled = false"));
            EventCounts counts = only(garrison).events();
            assertEquals(100_000, counts.sent());
            assertEquals(counts.sent(), counts.received() + counts.dropped());
            assertTrue(counts.dropped() > 0, "10,000 records of 256 bytes do not fit into 64 KiB: " + counts);
        }
    }

    @Test
    void absentLibbpf_isOneClearErrorAndNothingStarts() {
        RingPlugin plugin = new RingPlugin("ring-test");
        Footprint before = Footprint.now();
        GarrisonException e = assertThrows(GarrisonException.class,
                () -> Garrison.builder().libbpf("libbpf-not-here.so.1").plugin(plugin).listener(heard::add).start());
        assertTrue(e.getMessage().contains("libbpf-not-here.so.1 was not found") && e.getMessage().contains("install"), e.getMessage());
        assertEquals(List.of(), plugin.steps);
        assertEquals(before, Footprint.now());
    }

    @Test
    void close_twice_andUseAfterwards_isSafe() {
        RingPlugin plugin = new RingPlugin("ring-test");
        Garrison garrison = Garrison.builder().plugin(plugin).start();
        garrison.close();
        garrison.close();
        assertEquals(List.of(), garrison.status().plugins());
        assertThrows(IllegalStateException.class, () -> garrison.add(plugin));
        assertFalse(garrison.remove(plugin));
    }

    @Test
    void wrongLayout_failsThePluginWithBothLayouts() {
        RingPlugin plugin = new RingPlugin("ring-test").binding((events, session) -> events.on(RingPlugin.FIXED, "test_fixed",
                RingPlugin.Text.class, text -> {}));
        try (Garrison garrison = Garrison.builder().plugin(plugin).start()) {
            PluginStatus status = only(garrison);
            assertEquals(PluginState.FAILED, status.state());
            assertTrue(status.reason().contains("record Text") && status.reason().contains("struct test_fixed, 80 bytes"), status.reason());
        }
    }

    @Test
    void status_whileAPluginStarts_doesNotWait() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        RingPlugin slow = new RingPlugin("slow").on(Step.CONFIGURE, () -> {
            entered.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        try (Garrison garrison = Garrison.builder().start()) {
            Thread adder = Thread.ofPlatform().start(() -> garrison.add(slow));
            assertTrue(entered.await(20, TimeUnit.SECONDS));
            assertEquals(List.of(PluginState.STARTING), states(garrison));
            release.countDown();
            adder.join();
            assertEquals(List.of(PluginState.ACTIVE), states(garrison));
        }
    }

    private static List<Step> lastSteps(RingPlugin plugin, int count) {
        List<Step> steps = plugin.steps.stream().filter(s -> s != Step.STATUS).toList();
        return steps.subList(steps.size() - count, steps.size());
    }

    private static List<PluginState> states(Garrison garrison) {
        return garrison.status().plugins().stream().map(PluginStatus::state).toList();
    }
}
