// SPDX-License-Identifier: Apache-2.0
package garrison.framework.osgi;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.KernelFeature;
import garrison.framework.kernel.FeatureScan;
import garrison.framework.kernel.RunningKernel;
import garrison.framework.libbpf.Libbpf;
import garrison.spi.Answer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.wiring.BundleRevision;

/** In a real Felix. */
@Timeout(90)
class KernelCapabilitiesTest {
    private static final KernelFeature HOOK = new KernelFeature("garrison.kernel.hook", "file_open", new Answer.Yes(),
            Map.of("sleepable", "no", "arity", 1L, "arguments", List.of("struct file *", "int")));

    @TempDir
    Path folder;

    private static Bundle install(OsgiFramework osgi, String name, String requirement) throws Exception {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Bundle-ManifestVersion", "2");
        manifest.getMainAttributes().putValue("Bundle-SymbolicName", name);
        manifest.getMainAttributes().putValue("Require-Capability", requirement);
        ByteArrayOutputStream jar = new ByteArrayOutputStream();
        new JarOutputStream(jar, manifest).close();
        return osgi.context().installBundle("test:" + name, new ByteArrayInputStream(jar.toByteArray()));
    }

    private static String hook(String filter) {
        return "garrison.kernel.hook;filter:=\"" + filter + "\"";
    }

    @Test
    void bundle_thatRequiresWhatIsThere_resolvesAndAnotherDoesNot() throws Exception {
        try (OsgiFramework osgi = new OsgiFramework(folder, Map.of())) {
            KernelCapabilities.install(osgi.context(), List.of(HOOK,
                    new KernelFeature("garrison.kernel.kfunc", "bpf_key_put", new Answer.No("none", "")),
                    new KernelFeature("garrison.kernel.kfunc", "bpf_unsure", new Answer.Inconclusive("not asked"))));
            install(osgi, "a", hook("(&(garrison.kernel.hook=file_open)(arity=1)(arguments=int))")).start();
            install(osgi, "b", "garrison.kernel.kfunc;filter:=\"(garrison.kernel.kfunc=bpf_unsure)\"").start();
            Bundle sleeper = install(osgi, "c", hook("(&(garrison.kernel.hook=file_open)(!(sleepable=no)))"));
            assertTrue(assertThrows(BundleException.class, sleeper::start).getMessage().contains("garrison.kernel.hook"));
            Bundle lacking = install(osgi, "d", "garrison.kernel.kfunc;filter:=\"(garrison.kernel.kfunc=bpf_key_put)\"");
            assertThrows(BundleException.class, lacking::start);
            assertEquals(Bundle.INSTALLED, lacking.getState());
        }
    }

    @Test
    void offer_startsTheBundleThatWaited_andNotOneThatWasNeverToStart() throws Exception {
        try (OsgiFramework osgi = new OsgiFramework(folder, Map.of())) {
            Bundle waiting = install(osgi, "a", hook("(garrison.kernel.hook=file_open)"));
            Bundle resting = install(osgi, "b", hook("(garrison.kernel.hook=file_open)"));
            assertThrows(BundleException.class, waiting::start);
            KernelCapabilities.offer(osgi.context(), List.of(HOOK));
            assertEquals(Bundle.ACTIVE, waiting.getState());
            assertEquals(Bundle.INSTALLED, resting.getState());
        }
    }

    @Test
    void install_anotherKernel_replacesTheBundle() throws Exception {
        try (OsgiFramework osgi = new OsgiFramework(folder, Map.of())) {
            Bundle first = KernelCapabilities.install(osgi.context(), List.of());
            Bundle user = install(osgi, "a", hook("(garrison.kernel.hook=file_open)"));
            assertThrows(BundleException.class, user::start);
            long before = first.getLastModified();
            assertEquals(first, KernelCapabilities.install(osgi.context(), List.of(HOOK)));
            user.start();
            assertTrue(first.getLastModified() >= before);
            long after = first.getLastModified();
            KernelCapabilities.install(osgi.context(), List.of(HOOK));
            assertEquals(after, first.getLastModified(), "the same kernel changes nothing");
        }
    }

    @Test
    void install_ofThisMachine_providesEachFeature() throws Exception {
        Libbpf libbpf = Libbpf.open();
        List<KernelFeature> features = new FeatureScan(new RunningKernel(libbpf), libbpf).all();
        try (OsgiFramework osgi = new OsgiFramework(folder, Map.of())) {
            long begin = System.nanoTime();
            Bundle bundle = KernelCapabilities.install(osgi.context(), features);
            System.out.println("capabilities installed in " + (System.nanoTime() - begin) / 1_000_000 + " ms");
            assertEquals(features.stream().filter(f -> !(f.answer() instanceof Answer.No)).count(),
                    bundle.adapt(BundleRevision.class).getDeclaredCapabilities(null).stream()
                            .filter(c -> c.getNamespace().startsWith("garrison.")).count());
            Bundle user = install(osgi, "a", hook("(&(garrison.kernel.hook=inode_rename)(arity=4)(verdict=true))"));
            assertDoesNotThrow(() -> user.start());
        }
    }
}
