// SPDX-License-Identifier: Apache-2.0
package garrison.framework.osgi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.Footprint;
import garrison.framework.Garrison;
import garrison.framework.RingPlugin;
import garrison.spi.ConfigurationException;
import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceReference;

/** This module's own bundle (its classes with the manifest that bnd made) in a host's Felix. */
@Timeout(90)
class ActivatorTest {
    @TempDir
    Path folder;

    /** Where the build put the bundle's content. */
    private static String location() throws Exception {
        Path classes = Path.of(Garrison.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        assertTrue(Files.exists(classes.resolve("META-INF/MANIFEST.MF")), "bnd's manifest in " + classes);
        return "reference:" + classes.toUri();
    }

    /** The bundle's own Garrison class is another one than this test's, so the service is looked for by name alone. */
    private static ServiceReference<?> offered(OsgiFramework osgi) throws Exception {
        ServiceReference<?>[] all = osgi.context().getAllServiceReferences(Garrison.class.getName(), null);
        return all == null ? null : all[0];
    }

    @Test
    void bundle_offersAGarrison_andFindsPluginServices() throws Exception {
        Path config = Files.writeString(folder.resolve("garrison.conf"), "garrison { mode = ENFORCE }");
        Footprint before = Footprint.now();
        try (OsgiFramework osgi = new OsgiFramework(folder.resolve("felix"), Map.of(Activator.CONFIG, config.toString()))) {
            Bundle bundle = osgi.context().installBundle(location());
            bundle.start();
            assertEquals(Bundle.ACTIVE, bundle.getState());
            ServiceReference<?> garrison = offered(osgi);
            assertNotNull(garrison);
            assertEquals(bundle, garrison.getBundle());
            RingPlugin plugin = new RingPlugin("ring-test") {
                @Override
                public PluginSession open(PluginContext context) {
                    throw new ConfigurationException("here:1", "seen in mode", "");
                }
            };
            osgi.context().registerService(Plugin.class, plugin, null);
            Object service = osgi.context().getService(garrison);
            String status = service.getClass().getMethod("status").invoke(service).toString();
            assertTrue(status.contains("name=ring-test, state=FAILED") && status.contains("seen in mode")
                    && status.contains("mode=ENFORCE"), status);
            bundle.stop();
            assertNull(offered(osgi));
            bundle.start();
            assertNotNull(offered(osgi));
        }
        assertEquals(before, Footprint.now());
    }

    @Test
    void brokenConfiguration_isTheBundlesError_andHurtsNoOther() throws Exception {
        Path config = Files.writeString(folder.resolve("garrison.conf"), "garrison {\n  mood = ENFORCE\n}");
        try (OsgiFramework osgi = new OsgiFramework(folder.resolve("felix"), Map.of(Activator.CONFIG, config.toString()))) {
            Bundle bundle = osgi.context().installBundle(location());
            BundleException e = assertThrows(BundleException.class, bundle::start);
            assertTrue(e.getCause().getMessage().startsWith(config + ":2: unknown key garrison.mood; did you mean 'mode'?"),
                    e.getCause().getMessage());
            assertEquals(Bundle.RESOLVED, bundle.getState());
            assertEquals(Bundle.ACTIVE, osgi.context().getBundle().getState());
            Files.writeString(config, "garrison {\n  mode = ENFORCE\n}");
            bundle.start();
            assertEquals(Bundle.ACTIVE, bundle.getState());
        }
    }
}
