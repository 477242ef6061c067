// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.Status.EventCounts;
import garrison.framework.Status.PluginStatus;
import garrison.itests.Guest;
import garrison.spi.ActualMode;
import garrison.spi.BudgetChanged;
import garrison.spi.PluginState;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Budgets of programs at real hooks. One nanosecond is a budget that every program exceeds. */
@Timeout(300)
class BudgetTest {
    private final HookPlugin plugin = new HookPlugin();
    private final List<BudgetChanged> told = new CopyOnWriteArrayList<>();
    private final Path folder = Guest.scratch("budget");
    private int attempts;

    private static Config config(String onOverrun, String more) {
        return ConfigFactory.parseString("garrison { statistics { window = 200ms, every = 200ms, min-runs = 5 }\n"
                + "plugins.hooks { mode = ENFORCE, programs = [ hook_mkdir ], budget { ns-per-event = 1, on-overrun = " + onOverrun + " }\n"
                + more + " } }");
    }

    private Garrison start(String onOverrun) {
        return Garrison.builder().config(config(onOverrun, "")).plugin(plugin).on(BudgetChanged.class, told::add).start();
    }

    private static PluginStatus status(Garrison garrison) {
        return garrison.status().plugins().getFirst();
    }

    /** Makes a directory, which hook_mkdir refuses in ENFORCE mode. */
    private void attack() throws IOException {
        attempts++;
        Files.delete(Files.createDirectory(folder.resolve("made")));
    }

    private void assertRefused() {
        assertThrows(FileSystemException.class, this::attack);
    }

    @Test
    void sample_fewerEventsAreTold_andEveryAttemptIsStillRefused() {
        try (Garrison garrison = start("sample")) {
            Guest.await("the overrun is told", () -> {
                assertRefused();
                return !told.isEmpty();
            });
            BudgetChanged first = told.getFirst();
            System.out.println("a budget of 1 ns: " + first);
            assertEquals("hook_mkdir", first.program());
            assertEquals("inode_mkdir", first.hook());
            for (int i = 0; i < 400; i++) {
                assertRefused();
            }
            PluginStatus shown = status(garrison);
            assertTrue(shown.budget().over() && shown.budget().sampling() >= 4, shown.budget().toString());
            assertEquals(ActualMode.ENFORCE, shown.actual());
            garrison.reload(config("sample", "enabled = false"));
            EventCounts counts = status(garrison).events();
            assertEquals(attempts, counts.sent() + counts.sampledOut(), counts.toString());
            assertEquals(counts.sent(), counts.received() + counts.dropped(), counts.toString());
            assertEquals(counts.received(), plugin.heard.get(HookPlugin.MKDIR));
            // Three of four of the last 400, at least; each CPU counts by itself, and the first of them may come before the step is in force.
            assertTrue(counts.sampledOut() >= 250, counts.toString());
        }
    }

    @Test
    void demote_letsThrough_andSaysSo() throws IOException {
        try (Garrison garrison = start("demote")) {
            assertRefused();
            Guest.await("it is demoted", () -> {
                try {
                    attack();
                    return true;
                } catch (IOException refused) {
                    return false;
                }
            });
            Guest.await("it is shown", () -> status(garrison).actual() == ActualMode.AUDIT);
            assertTrue(status(garrison).shortfall().contains("demoted to AUDIT, since hook_mkdir took"), status(garrison).shortfall());
            garrison.reload(config("report", ""));
            assertRefused();
        }
    }

    @Test
    void detach_nothingOfItRunsAnyMore() throws IOException {
        try (Garrison garrison = start("detach")) {
            assertRefused();
            Guest.await("it is detached", () -> {
                try {
                    attack();
                    return true;
                } catch (IOException refused) {
                    return false;
                }
            });
            Guest.await("it has stopped", () -> status(garrison).state() == PluginState.STOPPED);
            long heard = plugin.heard.get(HookPlugin.MKDIR);
            attack();
            assertEquals(heard, plugin.heard.get(HookPlugin.MKDIR));
            assertTrue(status(garrison).reason().contains("detached until the next reload"), status(garrison).reason());
        }
    }

    /** The negative control: the same attempts, and a budget that is kept. */
    @Test
    void budgetThatIsKept_nothingIsDoneNorTold() {
        try (Garrison garrison = Garrison.builder().config(ConfigFactory.parseString(
                "garrison.plugins.hooks.budget.ns-per-event = 1000000000").withFallback(config("detach", "")))
                .plugin(plugin).on(BudgetChanged.class, told::add).start()) {
            Guest.await("it was measured", () -> {
                assertRefused();
                return status(garrison).budget().programs().stream().anyMatch(p -> p.runs() >= 5 && p.nsPerRun() > 0);
            });
            for (int i = 0; i < 400; i++) {
                assertRefused();
            }
            assertEquals(List.of(), told);
            assertEquals(0, status(garrison).events().sampledOut());
        }
    }
}
