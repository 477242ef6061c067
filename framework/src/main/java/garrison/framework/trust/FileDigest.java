// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a file is, in the form in which its signer says so.
 *
 * @param kind which kind of digest
 * @param digest SHA-256, 32 bytes
 */
public record FileDigest(Kind kind, byte[] digest) {
    /** Kinds of digests. They are signed with different words before them: none can be taken for another. */
    public enum Kind {
        /** That of fs-verity with SHA-256, blocks of 4,096 bytes and no salt, as {@code fsverity digest} prints it. */
        VERITY("FSVerity"),
        /** SHA-256 of the whole content, for kernels before 6.8. */
        CONTENT("GARRISON");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    private static final int BLOCK = 4096;
    private static final int SIZE = 32;
    private static final int SHA256 = 1;
    /** struct fsverity_descriptor, version 1. */
    private static final int DESCRIPTOR = 256;
    private static final int LOG_BLOCK = 12;

    /**
     * Computes a digest from the content: no fs-verity is needed here.
     *
     * @throws IOException if the file cannot be read
     */
    public static FileDigest of(Kind kind, Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return kind == Kind.VERITY ? verity(in) : content(in);
        }
    }

    private static FileDigest content(InputStream in) throws IOException {
        MessageDigest sha = sha256();
        byte[] block = new byte[1 << 16];
        for (int n = in.read(block); n >= 0; n = in.read(block)) {
            sha.update(block, 0, n);
        }
        return new FileDigest(Kind.CONTENT, sha.digest());
    }

    /** A tree of hashes, block by block: each block of hashes is hashed into the next level, until one block is left. */
    private static FileDigest verity(InputStream in) throws IOException {
        MessageDigest sha = sha256();
        List<ByteArrayOutputStream> levels = new ArrayList<>();
        byte[] block = new byte[BLOCK];
        long length = 0;
        for (int n = in.readNBytes(block, 0, BLOCK); n > 0; n = in.readNBytes(block, 0, BLOCK)) {
            length += n;
            Arrays.fill(block, n, BLOCK, (byte) 0);
            add(levels, 0, sha.digest(block), sha);
        }
        byte[] root = length == 0 ? new byte[SIZE] : root(levels, sha);
        ByteBuffer descriptor = ByteBuffer.allocate(DESCRIPTOR).order(ByteOrder.LITTLE_ENDIAN);
        descriptor.put((byte) 1).put((byte) SHA256).put((byte) LOG_BLOCK).put((byte) 0).putInt(0).putLong(length).put(root);
        return new FileDigest(Kind.VERITY, sha.digest(descriptor.array()));
    }

    private static void add(List<ByteArrayOutputStream> levels, int level, byte[] hash, MessageDigest sha) {
        if (levels.size() == level) {
            levels.add(new ByteArrayOutputStream(BLOCK));
        }
        ByteArrayOutputStream hashes = levels.get(level);
        if (hashes.size() == BLOCK) {
            add(levels, level + 1, sha.digest(hashes.toByteArray()), sha);
            hashes.reset();
        }
        hashes.writeBytes(hash);
    }

    /** The unfinished block of each level goes up, from the lowest on; the last hash alone is the root. */
    private static byte[] root(List<ByteArrayOutputStream> levels, MessageDigest sha) {
        for (int level = 0; ; level++) {
            byte[] hashes = levels.get(level).toByteArray();
            if (level == levels.size() - 1 && hashes.length == SIZE) {
                return hashes;
            }
            add(levels, level + 1, sha.digest(Arrays.copyOf(hashes, BLOCK)), sha);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** What is signed: struct fsverity_formatted_digest, of VERITY just what {@code fsverity sign} signs. */
    public byte[] signedBytes() {
        byte[] words = kind.words.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(words.length + 2 * Short.BYTES + digest.length).order(ByteOrder.LITTLE_ENDIAN)
                .put(words).putShort((short) SHA256).putShort((short) digest.length).put(digest).array();
    }
}
