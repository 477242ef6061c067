// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.osgi;

import java.nio.file.Path;

/**
 * A bundle that was asked for.
 *
 * @param name how the control commands call it: the file's name without {@code .jar}, or what the configuration says if there is
 *     no such file
 * @param jar where it lies, or should
 */
public record BundleFile(String name, Path jar) {
    static final String SUFFIX = ".jar";

    static BundleFile of(Path jar) {
        String file = jar.getFileName().toString();
        return new BundleFile(file.endsWith(SUFFIX) ? file.substring(0, file.length() - SUFFIX.length()) : file, jar);
    }
}
