// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.PluginWhiteboard;
import garrison.itests.AttachedBpf;
import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.framework.gap.Footprint;
import garrison.itests.framework.gap.GapBundle;
import garrison.itests.framework.gap.GapPlugin;
import garrison.itests.framework.gap.GapProcess;
import garrison.itests.framework.gap.GapScene;
import garrison.spi.KernelVersion;
import garrison.spi.Plugin;
import garrison.spi.PluginState;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Swaps, updates, policies and restarts, while someone tries without a pause what is refused. */
@Timeout(7200)
class NoGapTest {
    private static final Path PINS = Path.of("/sys/fs/bpf/garrison");
    /** The claim is made for kernels from here on; those before do the same, less often in the short form. */
    private static final KernelVersion CLAIMED = new KernelVersion(6, 12, 0);
    private static final boolean OLD = Guest.kernel().compareTo(CLAIMED) < 0;
    /** Of each of the four kinds. */
    private static final int SWAPS = Guest.isLong() ? 250 : OLD ? 5 : 25;
    /**
     * A restart costs a JVM's start and two of Garrison, for which an emulated guest that is attacked without a pause takes up to
     * a minute: in the short form no more are begun after this time, and it says how many there were.
     */
    private static final long RESTARTS_NANOS = TimeUnit.MINUTES.toNanos(Guest.isLong() ? 240 : OLD ? 0 : 1);
    private static final int FEWEST = 3;
    private static final String PINNED = text("pin = true,");

    private final GapScene scene = new GapScene();
    private int links;

    private static String text(String more) {
        return "garrison { linger = 60s, " + more + " plugins.gap { mode = ENFORCE, programs = [ gap_mkdir ] } }";
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
        assertEquals("", status.reason());
    }

    private static void assertNoGrowth(Footprint before) {
        List<String> grown = new ArrayList<>();
        Guest.await(() -> "no growth: " + grown, () -> {
            grown.clear();
            grown.addAll(Footprint.now().growthSince(before));
            return grown.isEmpty();
        });
    }

    @Test
    void bundlePolicyAndObject_swappedUnderAttack_letNothingThroughAndTellAllOnce() {
        try (GapBundle bundle = new GapBundle(scene); Garrison garrison = Garrison.builder().config(config("pin = true,")).start();
                PluginWhiteboard _ = PluginWhiteboard.open(garrison, bundle.context())) {
            bundle.start();
            assertActive(garrison);
            scene.startAttack();
            Footprint before = null;
            for (int i = 0; i < SWAPS; i++) {
                bundle.update();
                assertActive(garrison);
                garrison.reload(ConfigFactory.parseString(i % 2 == 0 ? PINNED.replace(" ]", ", gap_unlink ]") : PINNED));
                before = before == null ? Footprint.now() : before;
            }
            assertTrue(before.runs() > 0, "runs of plugins have another name now");
            Plugin present = bundle.plugin();
            for (int i = 0; i < SWAPS; i++) {
                Plugin next = scene.plugin();
                garrison.replace(present, next);
                present = next;
            }
            assertActive(garrison);
            assertNoGrowth(before);
            scene.endAttack();
        }
        assertAllToldOnce(SWAPS + " bundle updates, " + SWAPS + " policies, " + SWAPS + " objects", Set.of());
    }

    /** Nothing got through, and whatever was tried was told: once, but for those that may have been told again. */
    private void assertAllToldOnce(String what, Set<Integer> atHand) {
        GapScene.Told told = scene.told();
        System.out.println(what + " under attack: " + scene.attempts() + " attempts, " + scene.through() + " through, " + told.never()
                + " never told, " + told.again().size() + " told again");
        assertAll(() -> assertEquals(0, scene.through(), "through"), () -> assertEquals(0, told.never(), "never told"),
                () -> assertTrue(atHand.containsAll(told.again()), "told again: " + told.again() + ", at hand were " + atHand));
    }

    /**
     * What is promised of a kill: every event that a program wrote is told at least once, and twice only the one that the
     * killed process had at hand.
     */
    @Test
    void processKilledAndStartedAgain_underAttack_letsNothingThroughAndTellsAll() {
        GapProcess process = scene.guarding(0, PINNED);
        scene.startAttack();
        Footprint before = null;
        Set<Integer> atHand = new TreeSet<>();
        long end = System.nanoTime() + RESTARTS_NANOS;
        int restarts = 0;
        while (restarts < SWAPS && (restarts < FEWEST || System.nanoTime() < end)) {
            restarts++;
            scene.pauseAttack(); // while a JVM comes up, which is no part of the claim
            GapProcess next = scene.ready(0, PINNED);
            scene.resumeAttack();
            process.kill();
            atHand.add(scene.lastTold());
            int orphaned = scene.attempts();
            Guest.await("the programs go on alone", () -> scene.attempts() > orphaned + 20);
            next.guard();
            process = next;
            before = before == null ? Footprint.now() : before;
            if (restarts % 50 == 0) {
                System.out.println(restarts + " restarts, " + scene.attempts() + " attempts, " + scene.through() + " through");
            }
        }
        assertNoGrowth(before);
        scene.endAttack();
        process.end();
        assertAllToldOnce(restarts + " (of " + SWAPS + ") kills and restarts", atHand);
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
        scene.guarding(0, text("")).kill();
        Guest.await("the kernel detaches", () -> AttachedBpf.links().size() == links);
        Files.createDirectory(scene.protectedDirectory.resolve("1"));
    }

    @Test
    void keptMap_afterAKill_hasItsContents() {
        scene.guarding(0, PINNED).kill();
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
        try (Garrison first = Garrison.builder().config(config("pin = true,")).plugin(scene.plugin()).start()) {
            var refusal = assertThrows(garrison.spi.GarrisonException.class,
                    () -> Garrison.builder().config(config("pin = true,")).plugin(scene.plugin()).start());
            assertTrue(refusal.getMessage().contains("garrison.instance"), refusal.getMessage());
            assertActive(first);
            refused(1);
        }
    }

    @Test
    void orphans_byTheirChoice_goOnFallOpenOrFallClosed() throws IOException {
        int self = (int) ProcessHandle.current().pid();
        for (String choice : List.of("continue", "open", "closed")) {
            String config = text("pin = true,").replace("mode =", "when-orphaned = " + choice + ", grace = 10s, mode =");
            boolean granted = choice.equals("closed");
            scene.guarding(granted ? self : 0, config).kill();
            Path directory = scene.protectedDirectory.resolve("9");
            if (granted) {
                Files.delete(Files.createDirectory(directory)); // within the grace period
                Guest.await("they fall closed", () -> !made(directory));
            } else {
                assertTrue(!made(directory), choice + ": within the grace period");
                if (choice.equals("open")) {
                    Guest.await("they fall open", () -> made(directory));
                } else {
                    long end = System.nanoTime() + 12_000_000_000L;
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
        try (Garrison garrison = Garrison.builder().config(config("pin = true,")).plugin(scene.plugin()).start();
                Stream<Path> all = Files.walk(PINS)) {
            assertActive(garrison);
            for (Path pin : all.toList()) {
                int mode = (int) Files.getAttribute(pin, "unix:mode") & 0777;
                assertEquals(Files.isDirectory(pin) ? 0700 : 0600, mode, pin + ": " + Integer.toOctalString(mode));
                assertEquals(0, (int) Files.getAttribute(pin, "unix:uid"), pin.toString());
            }
        }
    }
}
