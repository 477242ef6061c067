// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of text that a plugin has checked, such as a lock: with the signature that lies beside them. */
class SignedFileTest {
    private static final SigningKey ALICE = SigningKey.create("Alice", Duration.ofDays(10));
    private static final SigningKey MALLORY = SigningKey.create("Mallory", Duration.ofDays(10));
    private static final TrustSettings TRUST = new TrustSettings(List.of(ALICE.certificate()), true, Revocations.NONE);
    private static final TrustSettings LENIENT = new TrustSettings(List.of(ALICE.certificate()), false, Revocations.NONE);
    private static final byte[] TEXT = "1a2b commit_creds 9f3c0\n".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path folder;

    private Path file;
    private Path signature;

    @BeforeEach
    void write() throws IOException {
        file = Files.write(folder.resolve("my own cfi.lock"), TEXT);
        signature = folder.resolve("my own cfi.lock.p7s");
    }

    private SignedObject read() {
        return SignedObject.read(file, 1 << 10);
    }

    private void assertRefused(String reason, TrustSettings trust) {
        String told = assertThrows(UntrustedObjectException.class, () -> trust.check("plugin word", read())).getMessage();
        assertTrue(told.contains(file.toString()) && told.contains(reason) && told.contains("CN=Alice"), told);
    }

    @Test
    void fileSignedByAnAnchor_isLetIn_alsoThroughALink() throws IOException {
        Files.write(signature, ALICE.sign(TEXT));
        assertEquals(Optional.of(ALICE.certificate()), TRUST.check("plugin word", read()));
        Path link = Files.createSymbolicLink(Files.createDirectory(folder.resolve("other")).resolve("link"), file);
        assertEquals(Optional.of(ALICE.certificate()), TRUST.check("plugin word", SignedObject.read(link, 1 << 10)));
        assertArrayEquals(TEXT, read().bytes());
    }

    @Test
    void fileWithoutSignature_isRefusedWhereOneIsRequired_only() {
        assertRefused("it is unsigned (no " + signature + " beside it)", TRUST);
        assertEquals(Optional.empty(), LENIENT.check("plugin word", read()));
    }

    @Test
    void fileSignedByAnother_orAltered_isRefused_alsoWhereNoSignatureIsRequired() throws IOException {
        Files.write(signature, MALLORY.sign(TEXT));
        assertRefused("whose certificate is no anchor", LENIENT);
        Files.write(signature, ALICE.sign(TEXT));
        Files.write(file, TEXT, StandardOpenOption.APPEND);
        assertRefused("altered", LENIENT);
        Files.write(signature, new byte[1 << 15]);
        assertRefused("cannot be read", LENIENT);
    }

    @Test
    void fileThatCannotBeRead_isNamedWithTheReason() throws IOException {
        String tooLong = assertThrows(GarrisonException.class, () -> SignedObject.read(file, TEXT.length - 1)).getMessage();
        assertTrue(tooLong.startsWith(file + ": has more than " + (TEXT.length - 1) + " bytes"), tooLong);
        String folders = assertThrows(GarrisonException.class, () -> SignedObject.read(folder, 1 << 10)).getMessage();
        assertTrue(folders.startsWith(folder + ": cannot be read: "), folders);
        Files.delete(file);
        String gone = assertThrows(GarrisonException.class, this::read).getMessage();
        assertEquals(file + ": there is no such file", gone);
    }
}
