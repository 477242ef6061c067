// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.ConfigurationException;
import garrison.spi.KernelFeatures;
import garrison.spi.Settings;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/**
 * What BPF tokens may delegate, by the words that the mount options {@code delegate_*} take: the kernel's enumerators without
 * their prefix. Minimum kernel 6.9.
 *
 * @param words as they are written; a kind that is not named has no limit
 * @param error makes an error about a kind
 */
record TokenLimits(Map<Kind, List<String>> words, BiFunction<Kind, String, ConfigurationException> error) {
    static final String KEY = "tokens";

    /** In the order of enum trusted_bpf_limit of trusted_bpf.h. */
    enum Kind {
        CMDS("bpf_cmd", "BPF_"), MAPS("bpf_map_type", "BPF_MAP_TYPE_"), PROGS("bpf_prog_type", "BPF_PROG_TYPE_"),
        ATTACHS("bpf_attach_type", "BPF_");

        private final String enumeration;
        private final String prefix;

        Kind(String enumeration, String prefix) {
            this.enumeration = enumeration;
            this.prefix = prefix;
        }

        String key() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The words that the running kernel knows; empty if it is not to be asked. */
        private Optional<Map<String, Long>> known(KernelFeatures kernel) {
            return kernel.enumeration(enumeration).map(all -> {
                Map<String, Long> known = new TreeMap<>();
                all.forEach((name, number) -> {
                    if (name.startsWith(prefix)) {
                        known.put(name.substring(prefix.length()).toLowerCase(Locale.ROOT), number);
                    }
                });
                return known;
            });
        }
    }

    static TokenLimits read(Settings settings) {
        Map<Kind, List<String>> words = new EnumMap<>(Kind.class);
        if (!settings.has(KEY)) {
            return new TokenLimits(words, (_, problem) -> settings.error(KEY, problem, ""));
        }
        Settings tokens = settings.object(KEY);
        for (Kind kind : Kind.values()) {
            if (tokens.has(kind.key())) {
                words.put(kind, tokens.strings(kind.key()));
            }
        }
        tokens.end();
        return new TokenLimits(words, (kind, problem) -> tokens.error(kind.key(), problem, remedy(kind)));
    }

    private static String remedy(Kind kind) {
        return "use the words of the mount option delegate_" + kind.key() + ", or leave " + kind.key() + " out: then there is no limit";
    }

    boolean none() {
        return words.isEmpty();
    }

    /**
     * What may be delegated of a kind: bit n is the number n of its enum.
     *
     * @return empty where there is no limit
     * @throws ConfigurationException for a word that this kernel does not know
     */
    Optional<Long> bits(Kind kind, KernelFeatures kernel) {
        if (!words.containsKey(kind)) {
            return Optional.empty();
        }
        Optional<Map<String, Long>> known = kind.known(kernel);
        long bits = 0;
        for (String written : known.isPresent() ? words.get(kind) : List.<String>of()) {
            Long number = known.get().get(written.strip().toLowerCase(Locale.ROOT).replace('-', '_'));
            if (number == null || number >= Long.SIZE) {
                throw error.apply(kind, "holds '" + written + "', which kernel " + kernel.release() + " does not know; it knows "
                        + String.join(", ", known.get().keySet()));
            }
            bits |= 1L << number;
        }
        return Optional.of(bits);
    }

    /** For the status. */
    String text() {
        return words.entrySet().stream().map(e -> e.getKey().key() + " " + (e.getValue().isEmpty() ? "none" : String.join(", ", e.getValue())))
                .collect(Collectors.joining("; "));
    }
}
