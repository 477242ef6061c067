// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Status.PluginStatus;
import garrison.framework.trust.SigningKey;
import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PluginState;
import garrison.spi.ProgramSource;
import java.io.IOException;
import java.net.MalformedURLException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Plugins whose objects must be signed, on this machine's own kernel. */
@Timeout(60)
class SignedPluginTest {
    private static final SigningKey KEY = SigningKey.create("Release", Duration.ofDays(1));

    @TempDir
    Path folder;

    private final RingPlugin first = new RingPlugin("first");
    private final RingPlugin second = new RingPlugin("second");

    @BeforeEach
    void write() throws IOException {
        KEY.write(folder.resolve("release.key"), folder.resolve("release.pem"));
        for (RingPlugin plugin : List.of(first, second)) {
            byte[] object = plugin.objects().getFirst().read();
            Files.write(object(plugin), object);
            Files.write(Path.of(object(plugin) + ".p7s"), KEY.sign(object));
        }
    }

    private Path object(RingPlugin plugin) {
        return folder.resolve(plugin.name() + ".bpf.o");
    }

    private Config config(String more) {
        return ConfigFactory.parseString("garrison.trust { anchors = \"" + folder.resolve("*.pem") + "\"\n" + more + " }");
    }

    private Garrison start(String more) {
        return Garrison.builder().config(config(more)).plugin(new FromFile(first)).plugin(new FromFile(second)).start();
    }

    private static List<PluginState> states(Garrison garrison) {
        return garrison.status().plugins().stream().map(PluginStatus::state).toList();
    }

    @Test
    void signedObjects_run_andStatusTellsWhoMaySign() {
        try (Garrison garrison = start("")) {
            assertEquals(List.of(PluginState.ACTIVE, PluginState.ACTIVE), states(garrison));
            Status.Trust trust = garrison.status().trust();
            assertTrue(trust.required() && trust.anchors().getFirst().startsWith("CN=Release (SHA-256 "), trust.toString());
        }
    }

    @Test
    void alteredObject_failsItsPluginOnly_andTheRightOneRunsAfterwards() throws IOException {
        byte[] right = Files.readAllBytes(object(first));
        byte[] altered = right.clone();
        altered[altered.length / 2] ^= 1;
        Files.write(object(first), altered);
        try (Garrison garrison = start("")) {
            assertEquals(List.of(PluginState.FAILED, PluginState.ACTIVE), states(garrison));
            String reason = garrison.status().plugins().getFirst().reason();
            assertTrue(reason.startsWith("plugin first: object first.bpf.o is not trusted: its signature names CN=Release"), reason);
            Files.write(object(first), right);
            garrison.reload(config(""));
            assertEquals(List.of(PluginState.ACTIVE, PluginState.ACTIVE), states(garrison));
        }
    }

    @Test
    void alteredObject_withoutAnchors_isNotFound() throws IOException {
        // Also the negative control of the test above: the same change of the object harms nobody, and would go unseen.
        byte[] altered = Files.readAllBytes(object(first));
        int at = new String(altered, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("Dual");
        altered = replaceLicence(altered, at);
        Files.write(object(first), altered);
        try (Garrison garrison = Garrison.builder().plugin(new FromFile(first)).start()) {
            assertEquals(List.of(PluginState.ACTIVE), states(garrison));
            assertEquals(new Status.Trust(false, List.of(), 0, Map.of()), garrison.status().trust());
        }
        try (Garrison garrison = start("")) {
            assertEquals(List.of(PluginState.FAILED, PluginState.ACTIVE), states(garrison));
        }
    }

    /** From "Dual BSD/GPL" to "GPL", cut by its NUL. */
    private static byte[] replaceLicence(byte[] object, int at) {
        byte[] copy = object.clone();
        System.arraycopy("GPL\0".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1), 0, copy, at, 4);
        return copy;
    }

    @Test
    void unsignedObject_isRefused_orLetInByConfiguration() throws IOException {
        Files.delete(Path.of(object(second) + ".p7s"));
        try (Garrison garrison = start("")) {
            assertEquals(List.of(PluginState.ACTIVE, PluginState.FAILED), states(garrison));
            assertTrue(garrison.status().plugins().getLast().reason().contains("it is unsigned"));
            garrison.reload(config("require-signature = false"));
            assertEquals(List.of(PluginState.ACTIVE, PluginState.ACTIVE), states(garrison));
        }
    }

    @Test
    void certificateRevokedByReload_stopsTheRunningPlugins_andTheyComeBackWithIt() {
        try (Garrison garrison = start("")) {
            Footprint running = Footprint.now();
            garrison.reload(config("revoked = [ \"certificate:" + KEY.certificate().fingerprint() + "\" ]"));
            assertEquals(List.of(PluginState.FAILED, PluginState.FAILED), states(garrison));
            assertTrue(garrison.status().plugins().getFirst().reason().contains("was revoked by its fingerprint"));
            assertEquals(RingPlugin.Step.CLOSE, first.steps.getLast(), "it runs no more");
            garrison.reload(config(""));
            assertEquals(List.of(PluginState.ACTIVE, PluginState.ACTIVE), states(garrison));
            assertEquals(running, Footprint.now());
        }
    }

    @Test
    void tamperedObject_isNotReplacedByAVariant() throws IOException {
        byte[] altered = Files.readAllBytes(object(first));
        altered[altered.length - 1] ^= 1;
        Files.write(object(first), altered);
        try (Garrison garrison = Garrison.builder().config(config("")).plugin(new FromFile(first, object(first), object(second))).start()) {
            assertEquals(List.of(PluginState.FAILED), states(garrison));
        }
    }

    /** The test plugin with objects in files. */
    private final class FromFile implements Plugin {
        private final RingPlugin plugin;
        private final List<Path> files;

        FromFile(RingPlugin plugin, Path... files) {
            this.plugin = plugin;
            this.files = files.length == 0 ? List.of(object(plugin)) : List.of(files);
        }

        @Override
        public String name() {
            return plugin.name();
        }

        @Override
        public List<ProgramSource> objects() {
            return files.stream().map(file -> {
                try {
                    return new ProgramSource(file.getFileName().toString(), file.toUri().toURL());
                } catch (MalformedURLException e) {
                    throw new IllegalStateException(e);
                }
            }).toList();
        }

        @Override
        public PluginSession open(PluginContext context) {
            return plugin.open(context);
        }
    }
}
