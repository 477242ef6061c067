// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.Settings;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** {@code minimum-versions}: which versions of what was signed are trusted no more, by the names that the signatures give. */
final class MinimumVersions {
    /** Stands for every name that has no entry of its own, and for what was signed without a release, whose version is 0. */
    static final String ANY = "any";
    /** TRUSTED_BPF_RELEASE_NAME of trusted_bpf.h. */
    static final int NAME = 20;
    private static final String KEY = "minimum-versions";
    private static final long LARGEST = 0xffffffffL;

    private MinimumVersions() {}

    /**
     * Reads them.
     *
     * @return unsigned numbers of 32 bits
     * @throws garrison.spi.ConfigurationException for a name that no signature can give, or what is no version
     */
    static Map<String, Long> read(Settings settings) {
        Map<String, Long> all = new TreeMap<>();
        Settings versions = settings.object(KEY);
        for (String name : versions.keys()) {
            int length = name.getBytes(StandardCharsets.UTF_8).length;
            if (length == 0 || length > NAME) {
                throw versions.error(name, "is a name of " + length + " bytes", "write the name that garrison trust sign --release gave: 1 to "
                        + NAME + " bytes; or " + ANY);
            }
            all.put(name, versions.integer(name, 0, LARGEST, 0));
        }
        return Collections.unmodifiableMap(all);
    }
}
