// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The certificate of one who may sign objects. It is the signer's own, not that of an authority: what is trusted is exactly
 * what the operator has put there.
 *
 * @param file where it was read
 * @param certificate RSA of 2,048 bits or more
 */
public record Anchor(Path file, X509Certificate certificate) {
    /** The kernel's parser takes RSA on all supported kernels, elliptic curves on some. */
    private static final int SMALLEST_KEY = 2048;
    private static final String SUBJECT_KEY_ID = "2.5.29.14";
    /** The extension's value is an octet string in an octet string, each with a tag and a length of one byte. */
    private static final int KEY_ID_AT = 4;

    /** Why this certificate can be no signer's; empty if it can. */
    static Optional<String> problem(X509Certificate certificate) {
        if (!(certificate.getPublicKey() instanceof RSAPublicKey key)) {
            return Optional.of("holds a key of type " + certificate.getPublicKey().getAlgorithm() + "; only RSA is used");
        }
        if (key.getModulus().bitLength() < SMALLEST_KEY) {
            return Optional.of("holds an RSA key of " + key.getModulus().bitLength() + " bits; at least " + SMALLEST_KEY
                    + " are needed");
        }
        boolean[] usage = certificate.getKeyUsage();
        if (usage != null && !usage[0]) {
            return Optional.of("is not for digital signatures by its key usage; give the signer's own certificate");
        }
        byte[] extension = certificate.getExtensionValue(SUBJECT_KEY_ID);
        if (extension == null || extension.length <= KEY_ID_AT || extension[1] != extension.length - 2
                || extension[3] != extension.length - KEY_ID_AT) {
            return Optional.of("has no subject key identifier, by which signatures name their signer");
        }
        return Optional.empty();
    }

    /** The subject key identifier, lower-case hexadecimal. */
    public String keyId() {
        byte[] extension = certificate.getExtensionValue(SUBJECT_KEY_ID);
        return HexFormat.of().formatHex(extension, KEY_ID_AT, extension.length);
    }

    /** SHA-256 of the certificate, lower-case hexadecimal. */
    public String fingerprint() {
        try {
            return Digests.sha256(certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was parsed has an encoding", e);
        }
    }

    /** The serial number, lower-case hexadecimal without leading zeros. */
    public String serial() {
        BigInteger serial = certificate.getSerialNumber();
        return serial.toString(16);
    }

    /** Why it does not hold at a moment; empty if it does. */
    Optional<String> invalidAt(Instant now) {
        if (now.isAfter(certificate.getNotAfter().toInstant())) {
            return Optional.of("expired at " + certificate.getNotAfter().toInstant());
        }
        if (now.isBefore(certificate.getNotBefore().toInstant())) {
            return Optional.of("is not valid before " + certificate.getNotBefore().toInstant());
        }
        return Optional.empty();
    }

    /** Whether bytes were signed by its key: RSA PKCS#1 v1.5 with SHA-256. */
    boolean signed(byte[] bytes, byte[] value) {
        try {
            java.security.Signature check = java.security.Signature.getInstance("SHA256withRSA");
            check.initVerify(certificate.getPublicKey());
            check.update(bytes);
            return check.verify(value);
        } catch (java.security.SignatureException e) {
            return false; // such as a value of the wrong length
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java can check SHA256withRSA", e);
        }
    }

    /** Who it is: subject, fingerprint and file. */
    @Override
    public String toString() {
        return certificate.getSubjectX500Principal().getName() + " (SHA-256 " + fingerprint() + ", " + file + ")";
    }
}
