// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.Status.AttachedProgram;
import garrison.framework.Status.EventCounts;
import garrison.framework.Status.PluginStatus;
import garrison.itests.AttachedBpf;
import garrison.itests.Guest;
import garrison.spi.Mode;
import garrison.spi.PluginState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The life cycle where its programs can really be attached. */
@Timeout(300)
class PluginLifeTest {
    private final HookPlugin plugin = new HookPlugin();
    private final Path folder = Guest.scratch("life");

    private static Config policy(String programs, String more) {
        return ConfigFactory.parseString("garrison.plugins.hooks { programs = [ " + programs + " ]\n" + more + " }");
    }

    private static PluginStatus status(Garrison garrison) {
        PluginStatus status = garrison.status().plugins().getFirst();
        assertEquals("hooks", status.name());
        return status;
    }

    private static List<String> attached(Garrison garrison) {
        return status(garrison).attached().stream().map(AttachedProgram::program).toList();
    }

    private void touchAndUnlink() throws IOException {
        Files.delete(Files.createFile(folder.resolve("file")));
    }

    @Test
    void reload_attachesWhatIsNewlyNeededAndDetachesTheRest() throws IOException {
        try (Garrison garrison = Garrison.builder().config(policy("hook_unlink", "")).plugin(plugin).start()) {
            int before = AttachedBpf.links().size() - 1; // the heartbeat's own
            assertEquals(PluginState.ACTIVE, status(garrison).state(), status(garrison).reason());
            assertEquals(List.of("hook_unlink"), attached(garrison));
            touchAndUnlink();
            Guest.await("the unlink is told", () -> plugin.heard.get(HookPlugin.UNLINK) == 1);
            assertEquals(0, plugin.heard.get(HookPlugin.OPEN), "an empty hook costs nothing");

            garrison.reload(policy("hook_mkdir, hook_unlink", ""));
            assertEquals(List.of("hook_mkdir", "hook_unlink"), attached(garrison));
            assertEquals(before + 2, AttachedBpf.links().size());
            long told = plugin.heard.get(HookPlugin.MKDIR);
            Files.delete(Files.createDirectory(folder.resolve("made")));
            Guest.await("the mkdir is told", () -> plugin.heard.get(HookPlugin.MKDIR) > told);

            garrison.reload(policy("hook_mkdir", ""));
            assertEquals(List.of("hook_mkdir"), attached(garrison));
            touchAndUnlink();
            assertEquals(before + 1, AttachedBpf.links().size());
            garrison.reload(policy("", ""));
            assertEquals(before, AttachedBpf.links().size());
            assertEquals(1, plugin.heard.get(HookPlugin.UNLINK));
        }
    }

    @Test
    void mode_switched_decidesAtOnce() throws IOException {
        try (Garrison garrison = Garrison.builder().config(policy("hook_mkdir", "")).plugin(plugin).start()) {
            Files.createDirectory(folder.resolve("audit"));
            garrison.mode("hooks", Mode.ENFORCE);
            assertThrows(FileSystemException.class, () -> Files.createDirectory(folder.resolve("enforce")));
            garrison.mode("hooks", Mode.AUDIT);
            Files.createDirectory(folder.resolve("again"));
            Guest.await("all three are told", () -> plugin.heard.get(HookPlugin.MKDIR) == 3);
        }
        Files.createDirectory(folder.resolve("after"));
        assertEquals(3, plugin.heard.get(HookPlugin.MKDIR));
    }

    @Test
    void reload_underAttack_letsNothingThrough() throws Exception {
        AtomicBoolean on = new AtomicBoolean(true);
        AtomicLong attempts = new AtomicLong();
        AtomicLong through = new AtomicLong();
        try (Garrison garrison = Garrison.builder().config(policy("hook_mkdir", "mode = ENFORCE")).plugin(plugin).start()) {
            Thread attacker = Thread.ofPlatform().start(() -> {
                while (on.get()) {
                    attempts.incrementAndGet();
                    try {
                        Files.delete(Files.createDirectory(folder.resolve("attack")));
                        through.incrementAndGet();
                    } catch (FileSystemException e) {
                        continue; // denied, as it should be
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            });
            int rounds = Guest.isLong() ? 500 : 25;
            for (int i = 0; i < rounds; i++) {
                garrison.reload(policy(i % 2 == 0 ? "hook_mkdir, hook_unlink" : "hook_mkdir, hook_open", "mode = ENFORCE"));
            }
            on.set(false);
            attacker.join();
            assertEquals(0, through.get(), "of " + attempts);
            System.out.println(rounds + " reloads under attack: " + attempts + " attempts, " + through + " through");
            assertTrue(attempts.get() > rounds, attempts.toString());
        }
    }

    @Test
    void stopUnderFlood_everyRecordIsAccountedFor_andNothingStaysAttached() throws Exception {
        int links = AttachedBpf.links().size();
        int programs = AttachedBpf.programs().size();
        AtomicBoolean on = new AtomicBoolean(true);
        Path file = Files.createFile(folder.resolve("opened"));
        try (Garrison garrison = Garrison.builder().config(policy("hook_open, hook_unlink", "")).plugin(plugin).start()) {
            List<Thread> flood = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Path own = folder.resolve("own" + i);
                flood.add(Thread.ofPlatform().start(() -> {
                    try {
                        while (on.get()) {
                            Files.newInputStream(file).close();
                            Files.delete(Files.createFile(own));
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }));
            }
            int rounds = Guest.isLong() ? 200 : 10;
            for (int i = 0; i < rounds; i++) {
                long heard = plugin.heard.get(HookPlugin.OPEN);
                Guest.await("the flood is heard", () -> plugin.heard.get(HookPlugin.OPEN) > heard + 100);
                garrison.reload(policy("hook_open, hook_unlink", "enabled = false"));
                EventCounts counts = status(garrison).events();
                assertEquals(counts.sent(), counts.received() + counts.dropped(), "round " + i + ": " + counts);
                assertTrue(counts.received() > 100, counts.toString());
                garrison.reload(policy("hook_open, hook_unlink", ""));
            }
            on.set(false);
            for (Thread thread : flood) {
                thread.join();
            }
        }
        assertEquals(links, AttachedBpf.links().size());
        Guest.await("the kernel frees the programs", () -> AttachedBpf.programs().size() <= programs);
    }
}
