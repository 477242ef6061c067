// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/**
 * The fs-verity digest of a file, which the kernel keeps for as long as the file exists: of files with the same contents (and the
 * same block size and salt) the same, wherever they lie.
 *
 * @param algorithm what it was made with
 * @param hex its bytes, in small letters
 * @see <a href="https://docs.kernel.org/filesystems/fsverity.html">fs-verity</a>
 */
public record VerityDigest(Algorithm algorithm, String hex) {
    /** Those that fs-verity knows, in the order of the kernel's numbers, from 1. */
    public enum Algorithm {
        /** 32 bytes. */
        SHA256,
        /** 64 bytes. */
        SHA512;

        int number() {
            return ordinal() + 1;
        }

        private int size() {
            return this == SHA256 ? 32 : 64;
        }

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Reads {@code sha256:HEX} or {@code sha512:HEX}, as {@code fsverity measure} prints it; empty if it is neither. */
    static Optional<VerityDigest> parse(String text) {
        for (Algorithm algorithm : Algorithm.values()) {
            String prefix = algorithm.word() + ":";
            String hex = text.substring(Math.min(prefix.length(), text.length())).toLowerCase(Locale.ROOT);
            if (text.startsWith(prefix) && hex.matches("[0-9a-f]{" + 2 * algorithm.size() + "}")) {
                return Optional.of(new VerityDigest(algorithm, hex));
            }
        }
        return Optional.empty();
    }

    /** The digest as the kernel's programs compare it, eight bytes at a time. */
    long[] words() {
        long[] words = new long[algorithm.size() / Long.BYTES];
        ByteBuffer.wrap(HexFormat.of().parseHex(hex)).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(words);
        return words;
    }

    /** As it is read. */
    @Override
    public String toString() {
        return algorithm.word() + ":" + hex;
    }
}
