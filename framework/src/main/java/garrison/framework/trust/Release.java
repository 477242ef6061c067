// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import garrison.spi.GarrisonException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * What a file is called by its signer, and of which version it is: signed behind its digest, and kept before the signature
 * (struct trusted_bpf_release of trusted_bpf.h).
 *
 * @param name 1 to 20 bytes of UTF-8
 * @param version 0 to 2^32-1
 */
public record Release(String name, long version) {
    /** Bytes that one takes. */
    static final int SIZE = 32;
    /** Stands for all names where minimum versions are configured. */
    private static final String ANY = "any";
    private static final byte[] MAGIC = "GRelease".getBytes(StandardCharsets.US_ASCII);
    private static final int NAME = SIZE - 8 - Integer.BYTES;
    private static final long LARGEST = 0xffffffffL;

    /** @throws GarrisonException for a name or a version that cannot be signed */
    public Release {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > NAME || name.indexOf(0) >= 0 || name.equals(ANY)) {
            throw new GarrisonException("the release's name '" + name + "' cannot be signed: it takes 1 to " + NAME + " bytes, and is not '"
                    + ANY + "'");
        }
        if (version < 0 || version > LARGEST) {
            throw new GarrisonException("the release's version " + version + " cannot be signed: it is a number from 0 to " + LARGEST);
        }
    }

    /**
     * Reads {@code NAME:VERSION}.
     *
     * @throws GarrisonException if it is none
     */
    public static Release parse(String text) {
        int colon = text.lastIndexOf(':');
        try {
            return new Release(text.substring(0, Math.max(0, colon)), Long.parseLong(text.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw new GarrisonException("'" + text + "' is no release: write NAME:VERSION, for example mytracer:3", e);
        }
    }

    /** The release with which kept bytes begin; empty if they begin with anything else, a signature among them. */
    static Optional<Release> at(byte[] kept) {
        if (kept.length <= SIZE || !Arrays.equals(kept, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            return Optional.empty();
        }
        ByteBuffer in = ByteBuffer.wrap(kept, MAGIC.length, Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long version = Integer.toUnsignedLong(in.getInt());
        int end = MAGIC.length + Integer.BYTES;
        while (end < SIZE && kept[end] != 0) {
            end++;
        }
        int from = MAGIC.length + Integer.BYTES;
        try {
            return Optional.of(new Release(new String(kept, from, end - from, StandardCharsets.UTF_8), version));
        } catch (GarrisonException e) {
            return Optional.empty(); // nobody has signed such a name
        }
    }

    byte[] encoded() {
        return ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN).put(MAGIC).putInt((int) version)
                .put(name.getBytes(StandardCharsets.UTF_8)).array();
    }

    /** {@code NAME:VERSION}. */
    @Override
    public String toString() {
        return name + ":" + version;
    }
}
