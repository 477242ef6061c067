// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.osgi;

import com.typesafe.config.Config;
import garrison.framework.Garrison;
import garrison.runtime.config.Installation;
import garrison.spi.GarrisonException;
import garrison.spi.Plugin;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.osgi.framework.Constants;
import org.slf4j.Logger;

/**
 * What the program's own jars export to the bundles: taken from their manifests, so that a version is never typed twice. All
 * bundles and the program then share one copy of these classes.
 */
final class SystemPackages {
    /** One class of each library that bundles see. */
    private static final List<Class<?>> SHARED = List.of(Plugin.class, Garrison.class, Config.class, Logger.class);

    private SystemPackages() {}

    /** The value of {@code org.osgi.framework.system.packages.extra}. */
    static String of() {
        List<String> exports = new ArrayList<>();
        for (Class<?> shared : SHARED) {
            String exported = exports(shared);
            if (exported == null || exported.isEmpty()) {
                throw new GarrisonException("the jar of " + shared.getName() + ", which the plugins need, exports nothing in its"
                        + " manifest; install the distribution again");
            }
            exports.add(exported);
        }
        return String.join(",", exports);
    }

    /**
     * Only the jars in question are opened, and their signatures are not checked: a signed library on the class path has a
     * manifest of a megabyte, whose reading costs more than the start of all bundles.
     */
    private static String exports(Class<?> shared) {
        try {
            Path place = Installation.placeOf(shared);
            if (Files.isRegularFile(place)) {
                try (JarFile jar = new JarFile(place.toFile(), false)) {
                    Manifest manifest = jar.getManifest();
                    return manifest == null ? null : exports(manifest);
                }
            }
            try (InputStream in = Files.newInputStream(place.resolve(JarFile.MANIFEST_NAME))) {
                return exports(new Manifest(in));
            }
        } catch (IOException e) {
            throw new GarrisonException("the manifest beside " + shared.getName() + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static String exports(Manifest manifest) {
        return manifest.getMainAttributes().getValue(Constants.EXPORT_PACKAGE);
    }
}
