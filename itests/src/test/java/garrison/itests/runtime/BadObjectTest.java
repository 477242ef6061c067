// SPDX-License-Identifier: Apache-2.0
package garrison.itests.runtime;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.Status;
import garrison.itests.AttachedBpf;
import garrison.itests.Guest;
import garrison.itests.TestBundle;
import garrison.itests.attack.Outcome;
import garrison.itests.attack.Scene;
import garrison.itests.neighbour.NeighbourPlugin;
import garrison.itests.neighbour.UnlinkTold;
import garrison.spi.PluginState;
import garrison.spi.ProgramSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Objects that nobody should load: the plugin fails with a reason a person can act on, and its neighbour goes on. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadObjectTest {
    private final Path scratch = Guest.scratch("objects");
    private final Set<Long> told = ConcurrentHashMap.newKeySet();
    private Garrison garrison;
    private int scenes;

    @BeforeAll
    void start() throws IOException {
        garrison = Garrison.builder().config(ConfigFactory.parseString("garrison { mode = ENFORCE }"))
                .plugin(plugin("neighbour", TestBundle.object("observer")))
                .on(UnlinkTold.class, event -> told.add(event.pid())).start();
    }

    @AfterAll
    void stop() {
        garrison.close();
    }

    /** Whatever happened in the test, the neighbour still sees. */
    @AfterEach
    void neighbourGoesOn() {
        assertEquals(PluginState.ACTIVE, status("neighbour").state(), () -> status("neighbour").reason());
        Scene scene = Scene.make(scratch.resolve("scene-" + scenes++));
        Outcome unlink = Guest.attacks().run("unlink", scene.evil().toString());
        assertEquals(0, unlink.exit());
        Guest.await("the neighbour tells the unlink", () -> told.contains(unlink.pid()));
    }

    private NeighbourPlugin plugin(String name, byte[] object) throws IOException {
        Path file = Files.write(scratch.resolve(name + ".bpf.o"), object);
        return new NeighbourPlugin(name, List.of(new ProgramSource(name + ".bpf.o", file.toUri().toURL())));
    }

    private Status.PluginStatus status(String name) {
        return garrison.status().plugins().stream().filter(p -> p.name().equals(name)).findAny().orElseThrow();
    }

    /** Adds the plugin, and checks what must hold for every broken one. */
    private void assertFails(String name, byte[] object, String... words) throws IOException {
        NeighbourPlugin plugin = plugin(name, object);
        List<String> links = AttachedBpf.links();
        garrison.add(plugin);
        try {
            Status.PluginStatus status = status(name);
            assertEquals(PluginState.FAILED, status.state());
            String reason = status.reason();
            assertAll(reason, () -> assertTrue(reason.contains(name), "names the object"),
                    () -> assertFalse(reason.contains("\tat "), "no stack trace"),
                    () -> assertEquals(List.of(), status.attached()),
                    () -> assertEquals(links, AttachedBpf.links(), "nothing of it stays attached"));
            for (String word : words) {
                assertTrue(reason.contains(word), () -> "'" + word + "' is not in: " + reason);
            }
        } finally {
            garrison.remove(plugin);
        }
    }

    @Test
    void truncatedObject_isFailedAndNamed() throws IOException {
        byte[] whole = TestBundle.object("observer");
        for (int length : new int[] {0, 3, 20, 64, 1000, whole.length / 2, whole.length - 100}) {
            assertFails("truncated-" + length, Arrays.copyOf(whole, length));
        }
    }

    @Test
    void textInsteadOfAnObject_isFailedAsNoElf() throws IOException {
        assertFails("text", "This is a text, not an object.\n".repeat(10).getBytes(StandardCharsets.UTF_8), "ELF");
    }

    @Test
    void programOfAnotherMachine_isFailedAsNotBpf() throws IOException {
        assertFails("native", Files.readAllBytes(Guest.built("attack")), "BPF");
    }

    @Test
    void licenceThatIsNotGpl_isFailedWithTheLicenceBeforeTheKernelIsAsked() throws IOException {
        assertFails("proprietary", TestBundle.object("proprietary"), "Proprietary", "GPL");
    }

    @Test
    void hookThatTheKernelLacks_isFailedWithTheHookAndTheKernel() throws IOException {
        assertFails("missing-hook", TestBundle.object("missing_hook"), "inode_teleport", garrison.kernel().release());
    }

    @Test
    void programThatTheVerifierRefuses_isFailedWithTheVerifiersLine() throws IOException {
        assertFails("unsafe", TestBundle.object("unsafe"), "unsafe_unlink", "invalid mem access");
    }
}
