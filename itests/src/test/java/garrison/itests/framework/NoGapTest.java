// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.itests.AttachedBpf;
import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.Json;
import garrison.spi.PluginState;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Swaps, updates, policies and restarts, while someone tries without a pause what is refused. */
@Timeout(7200)
class NoGapTest {
    private static final Path PINS = Path.of("/sys/fs/bpf/garrison");
    /** Of each kind; a restart costs a JVM's start, so the short form has fewer. */
    private static final int SWAPS = Guest.isLong() ? 250 : 32;
    private static final int RESTARTS = Guest.isLong() ? 250 : 4;

    private final GapScene scene = new GapScene();
    private int links;

    private static String text(String more) {
        return "garrison { linger = 30s, " + more + " plugins.gap { mode = ENFORCE, programs = [ gap_mkdir ] } }";
    }

    private static Config config(String more) {
        return ConfigFactory.parseString(text(more));
    }

    @BeforeEach
    void countLinks() {
        links = AttachedBpf.links().size();
    }

    @AfterEach
    void nothingIsLeft() {
        scene.close();
        Guest.await("nothing stays attached", () -> AttachedBpf.links().size() == links);
        assertTrue(Files.notExists(PINS), "pins are left");
    }

    private static void assertActive(Garrison garrison) {
        var status = garrison.status().plugins().getFirst();
        assertEquals(PluginState.ACTIVE, status.state(), status.reason());
    }

    private static int maps() {
        return Json.objects(Json.parse(Command.run("bpftool", "-j", "map", "show").success())).size();
    }

    private static long descriptors() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void swapsOfObjectBundleAndPolicy_underAttack_letNothingThroughAndTellAllOnce() {
        GapPlugin present = scene.plugin();
        long fdsBefore;
        int mapsBefore;
        try (Garrison garrison = Garrison.builder().config(config("pin = true,")).plugin(present).start()) {
            assertActive(garrison);
            scene.startAttack();
            present = swap(garrison, present);
            fdsBefore = descriptors();
            mapsBefore = maps();
            for (int i = 1; i < SWAPS; i++) {
                present = swap(garrison, present);
            }
            long fds = descriptors();
            Guest.await("the kernel frees the maps of " + SWAPS * 3 + " swaps", () -> maps() <= mapsBefore);
            assertTrue(fds <= fdsBefore, fds + " descriptors, " + fdsBefore + " before");
            scene.endAttack();
        }
        GapScene.Told told = scene.told();
        System.out.println(3 * SWAPS + " swaps (object, bundle, policy) under attack: " + scene.attempts() + " attempts, "
                + scene.through() + " through, " + told.never() + " never told, " + told.again() + " told again");
        assertAll(() -> assertEquals(0, scene.through(), "through"), () -> assertEquals(new GapScene.Told(0, 0), told));
    }

    /** One of each kind. */
    private GapPlugin swap(Garrison garrison, GapPlugin present) {
        GapPlugin replaced = new GapPlugin(scene.ledger, scene.inode, 1);
        garrison.replace(present, replaced);
        garrison.release(replaced);
        GapPlugin updated = scene.plugin();
        garrison.add(updated);
        assertActive(garrison);
        garrison.reload(ConfigFactory.parseString("garrison.plugins.gap.programs = [ gap_mkdir, gap_unlink ]")
                .withFallback(config("pin = true,")));
        garrison.reload(config("pin = true,"));
        return updated;
    }

    @Test
    void processKilledAndStartedAgain_underAttack_letsNothingThroughAndLosesNoEvent() {
        Process process = scene.victim(0, text("pin = true,"));
        scene.startAttack();
        int mapsBefore = maps();
        for (int i = 0; i < RESTARTS; i++) {
            GapScene.kill(process);
            int orphaned = scene.attempts();
            Guest.await("the programs go on alone", () -> scene.attempts() > orphaned + 20);
            process = scene.victim(0, text("pin = true,"));
        }
        Guest.await("the kernel frees what the killed had", () -> maps() <= mapsBefore);
        scene.endAttack();
        GapScene.end(process);
        GapScene.Told told = scene.told();
        System.out.println(RESTARTS + " kills and restarts under attack: " + scene.attempts() + " attempts, " + scene.through()
                + " through, " + told.never() + " never told, " + told.again() + " told again");
        assertAll(() -> assertEquals(0, scene.through(), "through"), () -> assertEquals(0, told.never(), "never told"),
                () -> assertTrue(told.again() <= RESTARTS, told.again() + " told again: at most the one at hand at each kill"));
    }

    /** The control: without the overlap the same attack gets through. */
    @Test
    void naiveDetachThenAttach_underAttack_letsSomeThrough() {
        GapPlugin plugin = scene.plugin();
        try (Garrison garrison = Garrison.builder().config(config("")).plugin(plugin).start()) {
            scene.startAttack();
            for (int i = 0; i < 5; i++) {
                garrison.remove(plugin);
                garrison.add(plugin);
            }
            scene.endAttack();
        }
        System.out.println("5 naive swaps: " + scene.through() + " of " + scene.attempts() + " through");
        assertTrue(scene.through() > 0, "of " + scene.attempts());
    }

    /** The control: without pins a kill opens everything. */
    @Test
    void processKilled_withoutPins_guardsNoMore() throws IOException {
        GapScene.kill(scene.victim(0, text("")));
        Guest.await("the kernel detaches", () -> AttachedBpf.links().size() == links);
        Files.createDirectory(scene.protectedDirectory.resolve("1"));
    }

    @Test
    void keptMap_afterAKill_hasItsContents() {
        GapScene.kill(scene.victim(0, text("pin = true,")));
        for (int number = 1; number <= 7; number++) {
            refused(number);
        }
        GapPlugin next = scene.plugin();
        try (Garrison garrison = Garrison.builder().config(config("pin = true,")).plugin(next).start()) {
            assertActive(garrison);
            refused(8);
            String asked = Command.run("bpftool", "-j", "map", "dump", "name", "gap_asked").success();
            assertTrue(asked.contains("\"value\":8") || asked.contains("0x08"), asked);
        }
        for (int number = 1; number <= 8; number++) {
            assertEquals(1, scene.ledger.told(number), "attempt " + number + ", some made while no process lived");
        }
    }

    private void refused(int number) {
        assertThrows(FileSystemException.class, () -> Files.createDirectory(scene.protectedDirectory.resolve(String.valueOf(number))));
    }

    @Test
    void secondGarrison_ofTheSameInstance_isRefusedAndHarmsNothing() {
        Process process = scene.victim(0, text("pin = true,"));
        var refusal = assertThrows(garrison.spi.GarrisonException.class,
                () -> Garrison.builder().config(config("pin = true,")).plugin(scene.plugin()).start());
        assertTrue(refusal.getMessage().contains("garrison.instance"), refusal.getMessage());
        refused(1);
        GapScene.end(process);
    }

    @Test
    void orphans_byTheirChoice_goOnFallOpenOrFallClosed() throws IOException {
        int self = (int) ProcessHandle.current().pid();
        for (String choice : List.of("continue", "open", "closed")) {
            String config = text("pin = true,").replace("mode =", "when-orphaned = " + choice + ", grace = 3s, mode =");
            boolean granted = choice.equals("closed");
            GapScene.kill(scene.victim(granted ? self : 0, config));
            Path directory = scene.protectedDirectory.resolve("9");
            if (granted) {
                Files.delete(Files.createDirectory(directory)); // within the grace period
                Guest.await("they fall closed", () -> !made(directory));
            } else {
                assertTrue(!made(directory), choice + ": within the grace period");
                if (choice.equals("open")) {
                    Guest.await("they fall open", () -> made(directory));
                } else {
                    long end = System.nanoTime() + 5_000_000_000L;
                    Guest.await("more than the grace period", () -> System.nanoTime() > end);
                    assertTrue(!made(directory), "they go on");
                }
            }
            try (Garrison garrison = Garrison.builder().config(config(("pin = true,"))).plugin(scene.plugin()).start()) {
                assertActive(garrison);
                refused(10);
            }
            Files.delete(Files.createDirectory(directory));
        }
    }

    /** Whether the directory could be made; it is gone again. */
    private static boolean made(Path directory) {
        try {
            Files.delete(Files.createDirectory(directory));
            return true;
        } catch (FileSystemException refused) {
            return false;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void pins_areNobodyElses() throws IOException {
        Process process = scene.victim(0, text("pin = true,"));
        try (Stream<Path> all = Files.walk(PINS)) {
            for (Path pin : all.toList()) {
                int mode = (int) Files.getAttribute(pin, "unix:mode") & 0777;
                assertEquals(Files.isDirectory(pin) ? 0700 : 0600, mode, pin + ": " + Integer.toOctalString(mode));
                assertEquals(0, (int) Files.getAttribute(pin, "unix:uid"), pin.toString());
            }
        }
        GapScene.end(process);
    }
}
