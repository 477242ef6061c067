// SPDX-License-Identifier: Apache-2.0
package garrison.itests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Makes jars of test classes: for bundles, and for class paths that an AOT cache is to serve, which takes no folders. */
public final class TestJar {
    private TestJar() {}

    /** A manifest that says no more than its version. */
    public static Manifest manifest() {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        return manifest;
    }

    /**
     * Writes a jar.
     *
     * @param jar where
     * @param one a class; all of its package go into the jar, those of packages below do not
     * @param files more contents by name
     * @return {@code jar}
     */
    public static Path write(Path jar, Manifest manifest, Class<?> one, Map<String, byte[]> files) {
        String folder = one.getPackageName().replace('.', '/');
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
                DirectoryStream<Path> classes = Files.newDirectoryStream(Guest.built("test-classes").resolve(folder), "*.class")) {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                out.putNextEntry(new JarEntry(file.getKey()));
                out.write(file.getValue());
            }
            for (Path file : classes) {
                out.putNextEntry(new JarEntry(folder + "/" + file.getFileName()));
                Files.copy(file, out);
            }
            return jar;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
