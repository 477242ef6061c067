// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import garrison.framework.object.TestObjects;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The form is that of others: what openssl makes for the kernel's parser, byte for byte. */
class OpensslTest {
    @TempDir
    Path folder;

    private SigningKey key;
    private Path object;

    @BeforeAll
    static void present() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "no openssl on this machine");
    }

    @BeforeEach
    void write() throws Exception {
        key = SigningKey.create("Alice", Duration.ofDays(10));
        key.write(folder.resolve("k.key"), folder.resolve("k.pem"));
        object = Files.write(folder.resolve("o.bpf.o"), TestObjects.object());
    }

    private String openssl(int status, String... arguments) throws Exception {
        List<String> words = new java.util.ArrayList<>(List.of("/usr/bin/openssl"));
        words.addAll(List.of(arguments));
        Process process = new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertEquals(status, process.waitFor(), out);
        return out;
    }

    @Test
    void signature_isVerifiedByOpenssl_andNotForAnAlteredObject() throws Exception {
        Files.write(folder.resolve("o.p7s"), key.sign(Files.readAllBytes(object)));
        String[] verify = {"cms", "-verify", "-binary", "-inform", "DER", "-in", "o.p7s", "-content", "o.bpf.o", "-certfile", "k.pem",
            "-CAfile", "k.pem", "-purpose", "any", "-out", "/dev/null"};
        assertTrue(openssl(0, verify).contains("successful"));
        byte[] altered = Files.readAllBytes(object);
        altered[100] ^= 1;
        Files.write(object, altered);
        openssl(4, verify);
    }

    @Test
    void signature_isByteForByteWhatOpensslMakes() throws Exception {
        openssl(0, "cms", "-sign", "-binary", "-noattr", "-nocerts", "-keyid", "-md", "sha256", "-in", "o.bpf.o", "-signer", "k.pem",
                "-inkey", "k.key", "-outform", "DER", "-out", "theirs.p7s");
        byte[] theirs = Files.readAllBytes(folder.resolve("theirs.p7s"));
        assertArrayEquals(theirs, key.sign(Files.readAllBytes(object)));
        TrustSettings trust = new TrustSettings(List.of(key.certificate()), true, Revocations.NONE);
        assertEquals(Optional.of(key.certificate()),
                trust.check("p", new SignedObject("o", Files.readAllBytes(object), Optional.of(theirs))));
    }

    /** As fsverity-utils sign: with the signer's issuer and serial number. Another signer of the same name is another one. */
    @Test
    void signature_inTheOlderForm_isTaken_andNotForAnotherSigner() throws Exception {
        openssl(0, "smime", "-sign", "-binary", "-noattr", "-nocerts", "-md", "sha256", "-in", "o.bpf.o", "-signer", "k.pem",
                "-inkey", "k.key", "-outform", "DER", "-out", "theirs.p7s");
        byte[] theirs = Files.readAllBytes(folder.resolve("theirs.p7s"));
        byte[] bytes = Files.readAllBytes(object);
        TrustSettings trust = new TrustSettings(List.of(key.certificate()), true, Revocations.NONE);
        assertEquals(Optional.of(key.certificate()), trust.check("p", new SignedObject("o", bytes, Optional.of(theirs))));
        TrustSettings another = new TrustSettings(List.of(SigningKey.create("Alice", Duration.ofDays(10)).certificate()), true,
                Revocations.NONE);
        bytes[100] ^= 1;
        for (TrustSettings settings : List.of(trust, another)) {
            org.junit.jupiter.api.Assertions.assertThrows(UntrustedObjectException.class,
                    () -> settings.check("p", new SignedObject("o", bytes, Optional.of(theirs))));
        }
    }

    @Test
    void keyAndCertificateOfOpenssl_areTaken() throws Exception {
        openssl(0, "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-keyout", "o.key", "-out", "o.pem", "-subj", "/CN=theirs",
                "-days", "5", "-addext", "keyUsage=digitalSignature");
        SigningKey theirs = SigningKey.read(folder.resolve("o.key"), folder.resolve("o.pem"));
        byte[] bytes = Files.readAllBytes(object);
        TrustSettings trust = new TrustSettings(AnchorFiles.read(folder.resolve("o.pem")), true, Revocations.NONE);
        assertTrue(trust.check("p", new SignedObject("o", bytes, Optional.of(theirs.sign(bytes)))).isPresent());
    }

    @Test
    void weakKeysAndOtherKinds_areNoAnchors() throws Exception {
        openssl(0, "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "w.key", "-out", "w.pem", "-subj", "/CN=w");
        openssl(0, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "e.key", "-out", "e.pem",
                "-subj", "/CN=e");
        openssl(0, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "c.key", "-out", "c.pem", "-subj", "/CN=c", "-addext",
                "keyUsage=keyCertSign");
        assertUnusable("w.pem", "1024 bits");
        assertUnusable("e.pem", "only RSA");
        assertUnusable("c.pem", "not for digital signatures");
    }

    private void assertUnusable(String file, String words) {
        String told = org.junit.jupiter.api.Assertions.assertThrows(AnchorFiles.UnusableException.class,
                () -> AnchorFiles.read(folder.resolve(file))).getMessage();
        assertTrue(told.contains(words) && told.contains(file), told);
    }
}
