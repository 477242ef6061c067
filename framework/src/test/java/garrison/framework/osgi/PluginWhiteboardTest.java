// SPDX-License-Identifier: Apache-2.0
package garrison.framework.osgi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.framework.Footprint;
import garrison.framework.Garrison;
import garrison.framework.PluginWhiteboard;
import garrison.framework.RingPlugin;
import garrison.framework.RingPlugin.Emitted;
import garrison.framework.RingPlugin.Step;
import garrison.spi.Event;
import garrison.spi.EventListener;
import garrison.spi.Plugin;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;

@Timeout(90)
class PluginWhiteboardTest {
    @TempDir
    Path storage;

    private static Garrison start(String linger) {
        return Garrison.builder().config(ConfigFactory.parseString("garrison.linger = " + linger)).start();
    }

    private static List<String> states(Garrison garrison) {
        return garrison.status().plugins().stream().map(p -> p.name() + " " + p.state()).toList();
    }

    @Test
    void services_comeAndGo_andSoDoPluginsAndListeners() throws Exception {
        BlockingQueue<Event> heard = new LinkedBlockingQueue<>();
        try (OsgiFramework osgi = new OsgiFramework(storage, Map.of()); Garrison garrison = start("0s")) {
            BundleContext context = osgi.context();
            RingPlugin early = new RingPlugin("early");
            RingPlugin late = new RingPlugin("late");
            ServiceRegistration<Plugin> first = context.registerService(Plugin.class, early, null);
            try (PluginWhiteboard whiteboard = PluginWhiteboard.open(garrison, context)) {
                assertTrue(whiteboard.toString().contains("PluginWhiteboard"));
                assertEquals(List.of("early ACTIVE"), states(garrison));
                context.registerService(Plugin.class, late, null);
                ServiceRegistration<EventListener> listener = context.registerService(EventListener.class, heard::add, null);
                assertEquals(List.of("early ACTIVE", "late ACTIVE"), states(garrison));
                late.session().emit(RingPlugin.FIXED, 8, 1);
                assertEquals(8, ((Emitted) heard.poll(20, TimeUnit.SECONDS)).sequence());
                first.unregister();
                assertEquals(Step.CLOSE, early.steps.getLast(), "freed before unregister returns");
                assertEquals(List.of("late ACTIVE"), states(garrison));
                listener.unregister();
                assertEquals(List.of(), garrison.status().listeners());
            }
            assertEquals(List.of(), states(garrison));
            assertEquals(Step.CLOSE, late.steps.getLast());
        }
    }

    @Test
    void pluginThatFails_hurtsNoOther_andItsRegistrationStands() throws Exception {
        try (OsgiFramework osgi = new OsgiFramework(storage, Map.of()); Garrison garrison = start("0s")) {
            PluginWhiteboard whiteboard = PluginWhiteboard.open(garrison, osgi.context());
            RingPlugin bad = new RingPlugin("bad").on(Step.BIND, () -> {
                throw new NoClassDefFoundError("missing/For/The/Test");
            });
            osgi.context().registerService(Plugin.class, bad, null);
            osgi.context().registerService(Plugin.class, new RingPlugin("good"), null);
            assertEquals(List.of("bad FAILED", "good ACTIVE"), states(garrison));
            whiteboard.close();
        }
    }

    @Test
    void nameThatIsTaken_isTriedAgainWhenItIsFree() throws Exception {
        try (OsgiFramework osgi = new OsgiFramework(storage, Map.of()); Garrison garrison = start("0s")) {
            PluginWhiteboard whiteboard = PluginWhiteboard.open(garrison, osgi.context());
            RingPlugin first = new RingPlugin("same");
            RingPlugin second = new RingPlugin("same");
            ServiceRegistration<Plugin> registration = osgi.context().registerService(Plugin.class, first, null);
            osgi.context().registerService(Plugin.class, second, null);
            assertEquals(List.of(), second.steps);
            registration.unregister();
            assertEquals(List.of("same ACTIVE"), states(garrison));
            assertTrue(second.steps.contains(Step.COMMIT));
            whiteboard.close();
        }
    }

    @Test
    void fiftyRegistrations_leaveNothingBehind() throws Exception {
        try (OsgiFramework osgi = new OsgiFramework(storage, Map.of()); Garrison garrison = start("0s")) {
            PluginWhiteboard whiteboard = PluginWhiteboard.open(garrison, osgi.context());
            Footprint before = Footprint.now();
            for (int i = 0; i < 50; i++) {
                ServiceRegistration<Plugin> plugin = osgi.context().registerService(Plugin.class, new RingPlugin("ring-test"), null);
                ServiceRegistration<EventListener> listener = osgi.context().registerService(EventListener.class, event -> {}, null);
                plugin.unregister();
                listener.unregister();
            }
            assertEquals(before, Footprint.now());
            whiteboard.close();
        }
    }

    @Test
    void pluginThatComesBackInTime_takesOverFromTheOneThatLingers() throws Exception {
        try (OsgiFramework osgi = new OsgiFramework(storage, Map.of()); Garrison garrison = start("1h")) {
            PluginWhiteboard whiteboard = PluginWhiteboard.open(garrison, osgi.context());
            RingPlugin first = new RingPlugin("same");
            RingPlugin second = new RingPlugin("same");
            ServiceRegistration<Plugin> registration = osgi.context().registerService(Plugin.class, first, null);
            registration.unregister();
            assertEquals(List.of("same ACTIVE"), states(garrison), "it decides still");
            assertFalse(first.steps.contains(Step.CLOSE));
            osgi.context().registerService(Plugin.class, second, null);
            assertEquals(List.of("same ACTIVE"), states(garrison));
            assertEquals(Step.CLOSE, first.steps.getLast());
            assertTrue(second.steps.contains(Step.COMMIT));
            whiteboard.close();
        }
    }

    @Test
    void pluginThatDoesNotComeBack_isStoppedWhenItsTimeIsUp() throws Exception {
        try (OsgiFramework osgi = new OsgiFramework(storage, Map.of()); Garrison garrison = start("200ms")) {
            PluginWhiteboard whiteboard = PluginWhiteboard.open(garrison, osgi.context());
            RingPlugin plugin = new RingPlugin("same");
            osgi.context().registerService(Plugin.class, plugin, null).unregister();
            assertEquals(List.of("same ACTIVE"), states(garrison));
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (!states(garrison).isEmpty() && System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            assertEquals(List.of(), states(garrison));
            assertEquals(Step.CLOSE, plugin.steps.getLast());
            whiteboard.close();
        }
    }
}
