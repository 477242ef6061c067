// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.framework.config.GarrisonSettings;
import garrison.spi.ConfigurationException;
import garrison.spi.GarrisonException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The section {@code garrison.trust} and the files it names. */
class TrustConfigurationTest {
    private static final SigningKey ALICE = SigningKey.create("Alice, \"of\" here", Duration.ofDays(10));

    @TempDir
    Path folder;

    private Path certificate;

    @BeforeEach
    void write() {
        certificate = folder.resolve("alice.pem");
        ALICE.write(folder.resolve("alice.key"), certificate);
    }

    private static TrustSettings read(String trust) {
        return GarrisonSettings.of(ConfigFactory.parseString("garrison.trust {\n" + trust + "\n}")).trust();
    }

    private static void assertRefused(String words, String trust) {
        String told = assertThrows(ConfigurationException.class, () -> read(trust)).getMessage();
        assertTrue(told.contains(words), told);
    }

    private String anchors(Path... files) {
        return "anchors = [ \"" + String.join("\", \"", List.of(files).stream().map(Path::toString).toList()) + "\" ]";
    }

    @Test
    void nothingConfigured_requiresNothing() {
        assertEquals(TrustSettings.NONE, GarrisonSettings.of(ConfigFactory.empty()).trust());
    }

    @Test
    void anchors_byNameAndByGlob_requireSignaturesUnlessToldOtherwise() {
        TrustSettings trust = read(anchors(folder.resolve("*.pem")));
        assertEquals(List.of(ALICE.certificate().certificate()), trust.anchors().stream().map(Anchor::certificate).toList());
        assertTrue(trust.required());
        assertFalse(read(anchors(certificate) + ", require-signature = false").required());
    }

    @Test
    void signaturesRequiredOfNobody_areAnError() {
        assertRefused("garrison.trust.require-signature is true, but no anchor is named", "require-signature = true");
    }

    @Test
    void anchorThatCannotBeUsed_isAnErrorWithItsFile() throws Exception {
        assertRefused("there is no such file", anchors(folder.resolve("none.pem")));
        assertRefused("there is no such file", anchors(folder.resolve("*.crt")));
        assertRefused("is not absolute", "anchors = [ \"anchors/*.pem\" ]");
        Path garbage = Files.writeString(folder.resolve("garbage.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assertRefused(garbage + ", which is no certificate", anchors(garbage));
        Path empty = Files.writeString(folder.resolve("empty.pem"), "");
        assertRefused(empty.toString(), anchors(empty));
    }

    @Test
    void anchorThatOthersMayWrite_isAnError_andSoIsItsFolder() throws Exception {
        Files.setPosixFilePermissions(certificate, PosixFilePermissions.fromString("rw-rw-r--"));
        assertRefused("others may write " + certificate + "; chmod go-w", anchors(certificate));
        Files.setPosixFilePermissions(certificate, PosixFilePermissions.fromString("rw-r--r--"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertRefused("others may write " + folder, anchors(certificate));
    }

    @Test
    void revocations_areReadInAnyCaseAndWithColons_andNothingElseIsTaken() {
        String digest = "AB".repeat(32);
        String colons = String.join(":", java.util.Collections.nCopies(32, "cd"));
        TrustSettings trust = read("revoked = [ \"serial:00:0A\", \"certificate:" + colons + "\", \"object:" + digest + "\" ]");
        assertEquals(new Revocations(Set.of("a"), Set.of("cd".repeat(32)), Set.of("ab".repeat(32))), trust.revoked());
        for (String wrong : List.of("serial:", "serial:xyz", "object:abcd", "fingerprint:" + digest, digest, "")) {
            assertRefused("has the entry '" + wrong + "'", "revoked = [ \"" + wrong + "\" ]");
        }
    }

    @Test
    void keyAndCertificate_areReadAsWritten_andMakeTheSameSignature() throws Exception {
        SigningKey read = SigningKey.read(folder.resolve("alice.key"), certificate);
        assertEquals(HexFormat.of().formatHex(ALICE.sign(new byte[] {1})), HexFormat.of().formatHex(read.sign(new byte[] {1})));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("alice.key"))));
    }

    @Test
    void keys_areNeverWrittenOver_andNoHalfIsLeft() {
        SigningKey other = SigningKey.create("other", Duration.ofDays(1));
        assertThrows(GarrisonException.class, () -> other.write(folder.resolve("alice.key"), folder.resolve("new.pem")));
        assertThrows(GarrisonException.class, () -> other.write(folder.resolve("new.key"), certificate));
        assertFalse(Files.exists(folder.resolve("new.pem")) || Files.exists(folder.resolve("new.key")));
    }

    @Test
    void keyOfAnotherCertificate_isAnError() {
        SigningKey.create("other", Duration.ofDays(1)).write(folder.resolve("other.key"), folder.resolve("other.pem"));
        String told = assertThrows(GarrisonException.class,
                () -> SigningKey.read(folder.resolve("other.key"), certificate)).getMessage();
        assertTrue(told.contains("is not the key of the certificate"), told);
        told = assertThrows(GarrisonException.class, () -> SigningKey.read(certificate, certificate)).getMessage();
        assertTrue(told.contains("holds no key in PKCS#8"), told);
    }
}
