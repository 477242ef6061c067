// SPDX-License-Identifier: Apache-2.0
package garrison.itests;

import garrison.framework.object.BpfSpec;
import garrison.framework.osgi.RequirementStep;
import garrison.itests.neighbour.NeighbourActivator;
import garrison.itests.neighbour.NeighbourPlugin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.jar.Attributes;
import java.util.jar.Manifest;

/** Makes bundles of the neighbour plugin. */
public final class TestBundle {
    private TestBundle() {}

    /**
     * Writes a bundle without requirements of its own: its object is not looked at.
     *
     * @param jar where
     * @param plugin the plugin's name, and the bundle's symbolic name
     * @param object the bytes of its BPF object, good or broken
     */
    public static Path write(Path jar, String plugin, byte[] object) {
        return write(jar, plugin, object, manifest -> { });
    }

    /** The same, with the requirements that the build step derives from the object. */
    public static Path writeWithRequirements(Path jar, String plugin, byte[] object) {
        return write(jar, plugin, object, manifest -> RequirementStep.require(manifest,
                List.of(BpfSpec.parse(NeighbourActivator.OBJECT, object)), jar.toString()));
    }

    private static Path write(Path jar, String plugin, byte[] object, Consumer<Manifest> step) {
        Manifest manifest = TestJar.manifest();
        Attributes main = manifest.getMainAttributes();
        main.putValue("Bundle-ManifestVersion", "2");
        main.putValue("Bundle-SymbolicName", plugin);
        main.putValue("Bundle-Version", "1.0.0");
        main.putValue("Bundle-Activator", NeighbourActivator.class.getName());
        main.putValue("Import-Package", "garrison.spi,org.osgi.framework");
        main.putValue(NeighbourActivator.PLUGIN, plugin);
        step.accept(manifest);
        return TestJar.write(jar, manifest, NeighbourPlugin.class, Map.of(NeighbourActivator.OBJECT, object));
    }

    /** The bytes of a test object, for example {@code observer}. */
    public static byte[] object(String name) {
        try {
            return Files.readAllBytes(Guest.built("bpf/" + name + ".bpf.o"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
