// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.KernelVersion;
import garrison.spi.Settings;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * What the gate guards besides BPF itself.
 *
 * @param successor whether the runtime may be started again under its own gate, and its files are kept from being written
 * @param process whether the runtime is kept from signals that end or stop it
 * @param programs which BPF programs trusted loaders may load
 * @param onlyByToken whether trusted loaders may load programs and make maps by a BPF token only
 * @param loadedBefore what is done about programs that were there before the gate
 * @param kept names of such programs as are not removed; one that ends in an asterisk stands for all that begin so
 */
record Protection(boolean successor, boolean process, Programs programs, boolean onlyByToken, LoadedBefore loadedBefore,
        List<String> kept) {
    /** The first kernel with BPF tokens. */
    static final KernelVersion TOKENS = new KernelVersion(6, 9, 0);
    static final String ONLY_BY_TOKEN = "only-by-token";
    private static final String DIGEST = "sha256:";

    /** Which BPF programs trusted loaders may load. */
    enum Programs {
        /** Any: the loader is trusted, and so what it loads. */
        ANY,
        /** Such as the kernel found signed with one of {@code certificates}: loader programs, with what these load. */
        SIGNED
    }

    /** What is done about BPF programs that others had loaded before the gate closed. */
    enum LoadedBefore {
        /** An event for each, and a line in the status. */
        REPORT,
        /** Nothing. */
        ALLOW,
        /** As REPORT; in ENFORCE their pins are unlinked and their links detached, where the kernel does that for others. */
        REMOVE
    }

    static Protection read(Settings settings) {
        return new Protection(settings.bool("successor", true), settings.bool("protect-process", true),
                settings.choice("programs", Programs.class, Programs.ANY), settings.bool(ONLY_BY_TOKEN, false),
                settings.choice("loaded-before", LoadedBefore.class, LoadedBefore.REPORT), settings.strings("kept-programs"));
    }

    /** Whether a program that was there before the gate is not to be removed. */
    boolean keeps(String program) {
        return kept.stream().anyMatch(name -> name.endsWith("*") ? program.startsWith(name.substring(0, name.length() - 1)) : program.equals(name));
    }

    /** Digests of files that are trusted no more, whoever signed them. */
    static List<byte[]> revokedDigests(Settings settings) {
        List<byte[]> all = new ArrayList<>();
        for (String text : settings.strings("revoked-digests")) {
            String word = text.strip().toLowerCase(Locale.ROOT);
            if (!word.matches(DIGEST + "[0-9a-f]{64}")) {
                throw settings.error("revoked-digests", "holds '" + text + "', which is no digest",
                        "take what garrison trust revoke prints: " + DIGEST + " and 64 hexadecimal digits");
            }
            all.add(HexFormat.of().parseHex(word.substring(DIGEST.length())));
        }
        return List.copyOf(all);
    }
}
