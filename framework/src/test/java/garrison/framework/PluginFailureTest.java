// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.RingPlugin.Step;
import garrison.framework.Status.PluginStatus;
import garrison.spi.Event;
import garrison.spi.Plugin;
import garrison.spi.PluginChanged;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PluginState;
import garrison.spi.ProgramSource;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A plugin that breaks, in whatever step and way, is FAILED with its reason; nothing of it stays and the others run. */
@Timeout(60)
class PluginFailureTest {
    @TempDir
    Path folder;

    static Stream<Arguments> breakages() {
        List<Supplier<Throwable>> ways = List.of(RingPlugin::refusal, () -> new IllegalStateException("thrown for the test"),
                () -> new NoClassDefFoundError("missing/For/The/Test"), () -> new StackOverflowError("for the test"));
        return Stream.of(Step.OPEN, Step.CONFIGURE, Step.BIND, Step.STAGE, Step.COMMIT, Step.PROGRAMS, Step.DROP)
                .flatMap(step -> ways.stream().map(way -> Arguments.of(step, way.get())));
    }

    @ParameterizedTest
    @MethodSource("breakages")
    void throwInAnyStep_failsThisPluginOnly_andLeavesNothing(Step step, Throwable thrown) {
        List<Event> heard = new CopyOnWriteArrayList<>();
        RingPlugin good = new RingPlugin("good");
        RingPlugin bad = new RingPlugin("bad").on(step, () -> sneak(thrown));
        try (Garrison garrison = Garrison.builder().plugin(good).listener(heard::add).start()) {
            Footprint before = Footprint.now();
            garrison.add(bad);
            PluginStatus status = garrison.status().plugins().getFirst();
            assertEquals("bad", status.name());
            assertEquals(PluginState.FAILED, status.state());
            String words = thrown.getMessage();
            assertTrue(status.reason().contains(words), status.reason());
            assertEquals(List.of(), status.attached());
            assertEquals(before, Footprint.now());
            if (step != Step.OPEN) {
                assertEquals(1, bad.steps.stream().filter(Step.CLOSE::equals).count(), "its session is closed once: " + bad.steps);
            }
            assertEquals(PluginState.ACTIVE, garrison.status().plugins().getLast().state());
            good.session().emit(RingPlugin.FIXED, 1, 1);
        }
        assertTrue(heard.stream().anyMatch(e -> e instanceof RingPlugin.Emitted), "the good one is still heard");
        assertTrue(heard.stream().anyMatch(e -> e instanceof PluginChanged c && c.plugin().equals("bad")
                && c.state() == PluginState.FAILED && c.detail().contains(thrown.getMessage())));
    }

    @Test
    void throwWhileClosing_isContained_andAllElseIsFreed() {
        RingPlugin bad = new RingPlugin("bad");
        bad.on(Step.CLOSE, () -> {
            throw new IllegalStateException("close refused for the test");
        });
        try (Garrison garrison = Garrison.builder().start()) {
            Footprint before = Footprint.now();
            garrison.add(bad);
            assertTrue(garrison.remove(bad));
            assertEquals(before, Footprint.now());
        }
    }

    @Test
    void statusThatThrows_isToldInPlaceOfTheFigures() {
        RingPlugin bad = new RingPlugin("bad");
        try (Garrison garrison = Garrison.builder().plugin(bad).start()) {
            bad.on(Step.STATUS, () -> {
                throw new IllegalStateException("status refused for the test");
            });
            PluginStatus status = garrison.status().plugins().getFirst();
            assertEquals(PluginState.ACTIVE, status.state());
            assertTrue(status.figures().toString().contains("status refused for the test"), status.figures().toString());
        }
    }

    @Test
    void brokenObject_isRefusedWithWords_andTheNextVariantIsTaken() throws Exception {
        Path garbage = Files.writeString(folder.resolve("garbage.bpf.o"), "this is no ELF file, not even a little");
        ProgramSource broken = new ProgramSource("garbage.bpf.o", garbage.toUri().toURL());
        RingPlugin inner = new RingPlugin("variants");
        try (Garrison garrison = Garrison.builder().plugin(new Variants(inner, List.of(broken))).start()) {
            PluginStatus status = garrison.status().plugins().getFirst();
            assertEquals(PluginState.FAILED, status.state());
            assertTrue(status.reason().contains("garbage.bpf.o"), status.reason());
            assertTrue(status.reason().contains("ELF"), status.reason());
        }
        List<ProgramSource> both = List.of(broken, inner.objects().getFirst());
        try (Garrison garrison = Garrison.builder().plugin(new Variants(inner, both)).start()) {
            PluginStatus status = garrison.status().plugins().getFirst();
            assertEquals(PluginState.ACTIVE, status.state(), status.reason());
            assertEquals("test_ring.bpf.o", status.object());
        }
    }

    @Test
    void noVariantFits_everyReasonIsTold() throws MalformedURLException {
        URL nowhere = URI.create(folder.resolve("absent.bpf.o").toUri().toString()).toURL();
        RingPlugin inner = new RingPlugin("variants");
        List<ProgramSource> none = List.of(new ProgramSource("one.bpf.o", nowhere), new ProgramSource("two.bpf.o", nowhere));
        try (Garrison garrison = Garrison.builder().plugin(new Variants(inner, none)).start()) {
            String reason = garrison.status().plugins().getFirst().reason();
            assertTrue(reason.contains("one.bpf.o") && reason.contains("two.bpf.o"), reason);
        }
    }

    @SuppressWarnings("unchecked") // throws whatever it is given
    private static <T extends Throwable> void sneak(Throwable t) throws T {
        throw (T) t;
    }

    /** The test plugin with other objects. */
    private record Variants(RingPlugin inner, List<ProgramSource> objects) implements Plugin {
        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public PluginSession open(PluginContext context) {
            return inner.open(context);
        }
    }
}
