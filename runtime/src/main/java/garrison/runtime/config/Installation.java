// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.config;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the distribution lies: its root holds {@code bin}, {@code lib}, {@code bundles} and {@code conf}.
 *
 * @param root the distribution's root folder, absolute
 */
public record Installation(Path root) {
    /** The launcher says it by this system property; without it, the parent of the folder that this class's jar is in. */
    public static final String PROPERTY = "garrison.home";

    /** The installation this program runs from. */
    public static Installation current() {
        return Optional.ofNullable(System.getProperty(PROPERTY))
                .map(home -> new Installation(Path.of(home).toAbsolutePath().normalize()))
                .orElseGet(() -> new Installation(ownJar().getParent().getParent()));
    }

    /** Where the bundles of the distribution lie. */
    public Path bundles() {
        return root.resolve("bundles");
    }

    private static Path ownJar() {
        try {
            return Path.of(Installation.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException("this program's own jar cannot be named", e);
        }
    }
}
