// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.osgi;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Manifest;
import org.osgi.framework.Constants;

/**
 * What the program's own jars export to the bundles: taken from their manifests, so that a version is never typed twice. All
 * bundles and the program then share one copy of these classes.
 */
final class SystemPackages {
    /** The libraries that bundles see, by Bundle-SymbolicName. */
    private static final List<String> SHARED =
            List.of("garrison-spi", "garrison-framework", "com.typesafe.config", "slf4j.api");

    private SystemPackages() {}

    /** The value of {@code org.osgi.framework.system.packages.extra}. */
    static String of(ClassLoader loader) {
        Map<String, String> exports = new TreeMap<>();
        try {
            for (URL url : Collections.list(loader.getResources("META-INF/MANIFEST.MF"))) {
                try (InputStream in = url.openStream()) {
                    Map<Object, Object> main = Collections.unmodifiableMap(new Manifest(in).getMainAttributes());
                    String name = value(main, Constants.BUNDLE_SYMBOLICNAME).split(";")[0].strip();
                    String exported = value(main, Constants.EXPORT_PACKAGE);
                    if (SHARED.contains(name) && !exported.isEmpty()) {
                        exports.putIfAbsent(name, exported);
                    }
                }
            }
        } catch (IOException e) {
            throw new GarrisonException("the manifests of the program's own jars cannot be read: " + e.getMessage(), e);
        }
        for (String shared : SHARED) {
            if (!exports.containsKey(shared)) {
                throw new GarrisonException("the program's class path lacks the jar of bundle " + shared
                        + ", which the plugins need; install the distribution again");
            }
        }
        return String.join(",", exports.values());
    }

    private static String value(Map<Object, Object> attributes, String header) {
        Object value = attributes.get(new java.util.jar.Attributes.Name(header));
        return value == null ? "" : value.toString();
    }
}
