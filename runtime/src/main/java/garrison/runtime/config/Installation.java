// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.config;

import java.net.URI;
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
                .orElseGet(() -> new Installation(placeOf(Installation.class).getParent().getParent()));
    }

    /** Where the bundles of the distribution lie. */
    public Path bundles() {
        return root.resolve("bundles");
    }

    /**
     * The jar, or folder of classes, that a class of this program lies in. Asked of its loader: a class from the cache names the place where
     * the cache was made, or none, and an installation may have been moved since.
     */
    public static Path placeOf(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        try {
            URI found = type.getClassLoader().getResource(file).toURI();
            String place = found.toString();
            if (found.getScheme().equals("jar")) {
                return Path.of(URI.create(place.substring("jar:".length(), place.lastIndexOf("!/"))));
            }
            return Path.of(URI.create(place.substring(0, place.length() - file.length())));
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the place of " + type + " cannot be named", e);
        }
    }
}
