// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.osgi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Bundles made on the spot, in the real framework. */
class BundleHostTest {
    /** Starts, and uses what the program shares with its bundles. */
    public static final class Good implements BundleActivator {
        @Override
        public void start(BundleContext context) {
            context.registerService(garrison.spi.EventListener.class, event -> { }, null);
        }

        @Override
        public void stop(BundleContext context) {}
    }

    /** Cannot start. */
    public static final class Bad implements BundleActivator {
        @Override
        public void start(BundleContext context) {
            throw new IllegalStateException("refuses to start");
        }

        @Override
        public void stop(BundleContext context) {}
    }

    @TempDir
    Path folder;

    private BundleHost host;

    @BeforeEach
    void start() throws IOException {
        Files.createDirectories(folder.resolve("bundles"));
        host = BundleHost.start(folder.resolve("cache"));
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void brokenBundles_areToldAndTheOthersRun() throws Exception {
        bundle("a-good", Good.class, "1.0.0", "garrison.spi,org.slf4j,com.typesafe.config,org.osgi.framework");
        bundle("b-bad", Bad.class, "1.0.0", "org.osgi.framework");
        bundle("c-lacking", Good.class, "1.0.0", "org.osgi.framework,no.such.package");
        Files.writeString(folder.resolve("bundles/d-noise.jar"), "this is no jar");
        bundle("f-good", Good.class, "2.0.0", "garrison.spi,org.osgi.framework");
        host.run(find("a-good", "b-bad", "c-lacking", "d-noise", "e-missing", "f-good"));

        assertStatus("a-good", "ACTIVE", "");
        assertStatus("b-bad", "RESOLVED", "refuses to start");
        assertStatus("c-lacking", "INSTALLED", "no.such.package");
        assertStatus("d-noise", "MISSING", "cannot install: ");
        assertStatus("e-missing", "MISSING", "there is no file " + folder.resolve("bundles/e-missing.jar"));
        assertStatus("f-good", "ACTIVE", "");
    }

    @Test
    void bundle_stoppedAndStarted_isGoneAndBack() throws Exception {
        bundle("good", Good.class, "1.0.0", "garrison.spi,org.osgi.framework");
        host.run(find("good"));
        assertEquals(1, listeners());
        assertEquals("RESOLVED", host.stop("good").state());
        assertEquals(0, listeners());
        assertEquals("ACTIVE", host.start("good").state());
        assertEquals(1, listeners());
    }

    @Test
    void jarReplacedOnDisk_takesEffectWithUpdateOnly() throws Exception {
        bundle("good", Good.class, "1.0.0", "garrison.spi,org.osgi.framework");
        host.run(find("good"));
        bundle("good", Good.class, "1.1.0", "garrison.spi,org.osgi.framework");
        assertEquals("1.0.0", status("good").version());
        BundleStatus updated = host.update("good");
        assertEquals("1.1.0", updated.version());
        assertEquals("ACTIVE", updated.state());
        assertEquals(1, listeners());
    }

    @Test
    void updateToNoise_isRefused_andTheOldOneRunsOn() throws Exception {
        bundle("good", Good.class, "1.0.0", "garrison.spi,org.osgi.framework");
        host.run(find("good"));
        Files.writeString(folder.resolve("bundles/good.jar"), "this is no jar");
        String message = assertThrows(GarrisonException.class, () -> host.update("good")).getMessage();
        assertTrue(message.startsWith("bundle good cannot update: "), message);
        assertEquals("ACTIVE", status("good").state());
        assertEquals(1, listeners());
    }

    @Test
    void bundleThatWasMissing_isInstalledByStart() throws Exception {
        host.run(find("late"));
        assertStatus("late", "MISSING", "there is no file");
        assertThrows(GarrisonException.class, () -> host.start("late"));
        bundle("late", Good.class, "1.0.0", "garrison.spi,org.osgi.framework");
        assertEquals("ACTIVE", host.start("late").state());
        assertStatus("late", "ACTIVE", "");
    }

    @Test
    void failedBundle_repairedByUpdate_isStarted() throws Exception {
        bundle("b", Bad.class, "1.0.0", "org.osgi.framework");
        host.run(find("b"));
        bundle("b", Good.class, "1.0.1", "garrison.spi,org.osgi.framework");
        assertEquals("ACTIVE", host.update("b").state());
        assertStatus("b", "ACTIVE", "");
    }

    @Test
    void unknownName_isRefusedWithTheKnownOnes() throws Exception {
        bundle("good", Good.class, "1.0.0", "garrison.spi,org.osgi.framework");
        host.run(find("good"));
        String message = assertThrows(GarrisonException.class, () -> host.stop("goood")).getMessage();
        assertEquals("there is no bundle goood; there are: good", message);
    }

    @Test
    void cacheOfAKilledInstance_isNoHindrance() throws Exception {
        bundle("good", Good.class, "1.0.0", "garrison.spi,org.osgi.framework");
        host.run(find("good"));
        host.close();
        Files.createDirectories(folder.resolve("cache/felix/bundle7/version0.0"));
        Files.writeString(folder.resolve("cache/felix/bundle7/bundle.info"), "torn");
        host = BundleHost.start(folder.resolve("cache"));
        assertEquals(0, host.status().size());
        host.run(find("good"));
        assertStatus("good", "ACTIVE", "");
    }

    @Test
    void cacheThatCannotBeMade_isNamed() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");
        String message = assertThrows(GarrisonException.class, () -> BundleHost.start(file.resolve("cache"))).getMessage();
        assertTrue(message.contains(file.resolve("cache").toString()) && message.contains("cache-directory"), message);
    }

    @Test
    void catalog_findsNamesPathsAndGlobs() throws Exception {
        for (String name : List.of("b", "a", "c")) {
            bundle(name, Good.class, "1.0.0", "");
        }
        Path bundles = folder.resolve("bundles");
        assertEquals(List.of("a", "b", "c"), names("*"));
        assertEquals(List.of("c", "a", "b"), names("c", "*"));
        assertEquals(List.of("b"), names("b.jar"));
        assertEquals(List.of("b"), names(bundles + "/b.jar"));
        assertEquals(List.of("a", "b"), names(bundles + "/[ab]*.jar"));
        assertEquals(List.of("x*"), names("x*"));
        assertEquals(List.of("none"), names("/nowhere/none.jar"));
    }

    private List<String> names(String... wanted) {
        return find(wanted).stream().map(BundleFile::name).toList();
    }

    private List<BundleFile> find(String... wanted) {
        return new BundleCatalog(folder.resolve("bundles")).find(List.of(wanted));
    }

    private BundleStatus status(String name) {
        return host.status().stream().filter(b -> b.name().equals(name)).findFirst().orElseThrow();
    }

    private void assertStatus(String name, String state, String reason) {
        BundleStatus status = status(name);
        assertEquals(state, status.state(), status.toString());
        assertTrue(reason.isEmpty() ? status.reason().isEmpty() : status.reason().contains(reason), status.toString());
    }

    private int listeners() throws Exception {
        return host.context().getServiceReferences(garrison.spi.EventListener.class, null).size();
    }

    private void bundle(String name, Class<?> activator, String version, String imports) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Bundle-ManifestVersion", "2");
        main.putValue("Bundle-SymbolicName", "test." + name);
        main.putValue("Bundle-Version", version);
        main.putValue("Bundle-Activator", activator.getName());
        if (!imports.isEmpty()) {
            main.putValue("Import-Package", imports);
        }
        String file = activator.getName().replace('.', '/') + ".class";
        try (OutputStream out = Files.newOutputStream(folder.resolve("bundles/" + name + ".jar"));
                JarOutputStream jar = new JarOutputStream(out, manifest)) {
            jar.putNextEntry(new java.util.zip.ZipEntry(file));
            jar.write(activator.getClassLoader().getResourceAsStream(file).readAllBytes());
            jar.closeEntry();
        }
    }
}
