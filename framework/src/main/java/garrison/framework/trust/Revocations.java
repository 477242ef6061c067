// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import garrison.spi.Settings;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What is trusted no more, all in lower-case hexadecimal.
 *
 * @param serials certificates by serial number
 * @param certificates certificates by SHA-256
 * @param objects objects by SHA-256 of the file
 */
public record Revocations(Set<String> serials, Set<String> certificates, Set<String> objects) {
    /** Nothing. */
    public static final Revocations NONE = new Revocations(Set.of(), Set.of(), Set.of());

    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern SERIAL = Pattern.compile("[0-9a-f]{1,40}");

    /** Copies the sets. */
    public Revocations {
        serials = Set.copyOf(serials);
        certificates = Set.copyOf(certificates);
        objects = Set.copyOf(objects);
    }

    /**
     * Reads a list of {@code serial:HEX}, {@code certificate:SHA256} and {@code object:SHA256}; colons between digits are
     * passed over.
     *
     * @throws garrison.spi.ConfigurationException for the first entry that is none of these
     */
    static Revocations read(Settings section, String key) {
        Set<String> serials = new HashSet<>();
        Set<String> certificates = new HashSet<>();
        Set<String> objects = new HashSet<>();
        for (String entry : section.strings(key)) {
            String[] parts = entry.strip().toLowerCase(Locale.ROOT).split(":", 2);
            String digits = parts.length < 2 ? "" : parts[1].replace(":", "").replace(" ", "");
            boolean known = switch (parts[0]) {
                case "serial" -> SERIAL.matcher(digits).matches() && serials.add(digits.replaceFirst("^0+(?=.)", ""));
                case "certificate" -> DIGEST.matcher(digits).matches() && certificates.add(digits);
                case "object" -> DIGEST.matcher(digits).matches() && objects.add(digits);
                default -> false;
            };
            if (!known) {
                throw section.error(key, "has the entry '" + entry + "', which is unknown or there twice",
                        "write serial:HEX, certificate:HEX or object:HEX, the last two SHA-256 of 64 digits");
            }
        }
        return new Revocations(serials, certificates, objects);
    }

    /** Why a certificate is revoked; empty if it is not. */
    Optional<String> of(Anchor anchor) {
        return serials.contains(anchor.serial()) ? Optional.of("was revoked by its serial number " + anchor.serial())
                : certificates.contains(anchor.fingerprint()) ? Optional.of("was revoked by its fingerprint") : Optional.empty();
    }

    /** How many entries. */
    public int size() {
        return serials.size() + certificates.size() + objects.size();
    }
}
