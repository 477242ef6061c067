// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Digests; the guests' suites compare them with the kernel's own, for all sizes that matter. */
class FileDigestTest {
    @TempDir
    Path folder;

    private String verity(byte[] content) throws IOException {
        return HexFormat.of().formatHex(FileDigest.of(FileDigest.Kind.VERITY, Files.write(folder.resolve("file"), content)).digest());
    }

    /** The published value of an empty file, which fsverity-utils prints too. */
    @Test
    void verity_ofAnEmptyFile_isThePublishedOne() throws IOException {
        assertEquals("3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95", verity(new byte[0]));
    }

    @Test
    void verity_tellsLengthAndContent() throws IOException {
        byte[] block = new byte[4096];
        assertFalse(verity(new byte[4095]).equals(verity(block)), "the length counts, not only the padded content");
        byte[] changed = new byte[129 * 4096];
        String before = verity(changed);
        changed[128 * 4096] = 1;
        assertFalse(before.equals(verity(changed)), "the second level counts");
    }

    @Test
    void signedBytes_areThoseOfFsveritySign() {
        byte[] signed = new FileDigest(FileDigest.Kind.VERITY, new byte[32]).signedBytes();
        assertEquals(44, signed.length);
        assertArrayEquals("FSVerity".getBytes(StandardCharsets.US_ASCII), Arrays.copyOf(signed, 8));
        assertArrayEquals(new byte[] {1, 0, 32, 0}, Arrays.copyOfRange(signed, 8, 12));
        assertFalse(Arrays.equals(signed, new FileDigest(FileDigest.Kind.CONTENT, new byte[32]).signedBytes()),
                "a digest of one kind is none of another");
    }
}
