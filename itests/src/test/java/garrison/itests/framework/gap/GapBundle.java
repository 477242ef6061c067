// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework.gap;

import garrison.itests.Guest;
import garrison.itests.TestJar;
import garrison.spi.Plugin;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;

/** {@link GapPlugin}, its object and its activator as a bundle, in a Felix of its own. */
public final class GapBundle implements AutoCloseable {
    private final Path jar;
    private final Framework felix;
    private final Bundle bundle;

    /** Installs the bundle; it is not started. */
    public GapBundle(GapScene scene) {
        jar = jar(scene.folder.resolve("gap.jar"));
        Map<String, String> properties = new HashMap<>();
        properties.put(Constants.FRAMEWORK_STORAGE, scene.folder.resolve("felix").toString());
        properties.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, "garrison.spi;version=0.1.0");
        properties.put(GapActivator.LEDGER, scene.ledgerFile().toString());
        properties.put(GapActivator.DIRECTORY, String.valueOf(scene.inode));
        // They would be those of this JVM for good, and another framework in it could not use its own.
        properties.put("felix.service.urlhandlers", "false");
        felix = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow().newFramework(properties);
        try {
            felix.start();
            bundle = context().installBundle(jar.toUri().toString());
        } catch (BundleException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A jar with the classes of this package and its object: a bundle. */
    static Path jar(Path jar) {
        Manifest manifest = TestJar.manifest();
        Attributes main = manifest.getMainAttributes();
        main.putValue("Bundle-ManifestVersion", "2");
        main.putValue("Bundle-SymbolicName", "gap");
        main.putValue("Bundle-Activator", GapActivator.class.getName());
        main.putValue("Import-Package", "garrison.spi,org.osgi.framework");
        try {
            return TestJar.write(jar, manifest, GapBundle.class, Map.of(GapPlugin.OBJECT.getFileName().toString(),
                    Files.readAllBytes(GapPlugin.OBJECT)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of the framework itself. */
    public BundleContext context() {
        return felix.getBundleContext();
    }

    /** Starts the bundle. */
    public void start() {
        try {
            bundle.start();
        } catch (BundleException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@code Bundle.update()}, which stops the bundle, gives it new classes and starts it. */
    public void update() {
        try (InputStream in = Files.newInputStream(jar)) {
            bundle.update(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (BundleException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The plugin that is registered now. */
    public Plugin plugin() {
        return context().getService(context().getServiceReference(Plugin.class));
    }

    @Override
    public void close() {
        try {
            felix.stop();
            felix.waitForStop(Guest.PATIENCE.toMillis());
        } catch (BundleException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
