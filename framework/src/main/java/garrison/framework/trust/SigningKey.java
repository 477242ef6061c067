// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.EnumSet;
import java.util.HexFormat;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A private key with its certificate: it makes signatures. Files are PEM, the key's PKCS#8 without a pass phrase. */
public final class SigningKey {
    private static final String KEY_TYPE = "PRIVATE KEY";
    /** What the kernel takes on every supported release, and openssl's and bpftool's default. */
    private static final int BITS = 2048;
    /** Clocks differ, and a machine may start with a wrong one. */
    private static final Duration EARLIER = Duration.ofHours(24);

    private final PrivateKey key;
    private final Anchor certificate;

    private SigningKey(PrivateKey key, Anchor certificate) {
        this.key = key;
        this.certificate = certificate;
    }

    /**
     * Makes a key and a self-signed certificate for it, good for signatures and nothing else.
     *
     * @param name the common name
     * @param from when it begins to be valid
     * @param validity for how long
     */
    public static SigningKey create(String name, Instant from, Duration validity) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(BITS);
            return certified(generator.generateKeyPair(), name, from, validity);
        } catch (GeneralSecurityException e) {
            throw new GarrisonException("a key for '" + name + "' cannot be made: " + e.getMessage(), e);
        }
    }

    /**
     * The same key with a new certificate: signatures made before stay good by it.
     *
     * @param name the common name
     * @param from when it begins to be valid
     * @param validity for how long
     */
    public SigningKey renewed(String name, Instant from, Duration validity) {
        return certified(new KeyPair(certificate.certificate().getPublicKey(), key), name, from, validity);
    }

    private static SigningKey certified(KeyPair pair, String name, Instant from, Duration validity) {
        try {
            X500Principal subject = new X500Principal("CN=" + escaped(name));
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(subject, new BigInteger(127, new SecureRandom()).setBit(126),
                    Date.from(from), Date.from(from.plus(validity)), subject, pair.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(Extension.subjectKeyIdentifier, false,
                    new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
            X509Certificate certificate = new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withRSA").build(pair.getPrivate())));
            return new SigningKey(pair.getPrivate(), new Anchor(Path.of(name + ".pem"), certificate));
        } catch (GeneralSecurityException | OperatorCreationException | IOException | IllegalArgumentException e) {
            throw new GarrisonException("a certificate for '" + name + "' cannot be made: " + e.getMessage(), e);
        }
    }

    /** The same, valid from a day ago. */
    public static SigningKey create(String name, Duration validity) {
        return create(name, Instant.now().minus(EARLIER), validity.plus(EARLIER));
    }

    private static String escaped(String name) {
        return name.replaceAll("([,+\"\\\\<>;=#])", "\\\\$1");
    }

    /**
     * Reads a key and its certificate.
     *
     * @throws GarrisonException if either cannot be used, or they are not a pair
     */
    public static SigningKey read(Path key, Path certificate) {
        PrivateKey read = readKey(key);
        try {
            Anchor anchor = AnchorFiles.read(certificate).getFirst();
            BigInteger modulus = ((RSAPublicKey) anchor.certificate().getPublicKey()).getModulus();
            if (!(read instanceof RSAPrivateKey rsa) || !rsa.getModulus().equals(modulus)) {
                throw new GarrisonException(key + " is not the key of the certificate " + anchor + "; give the two that belong together");
            }
            return new SigningKey(read, anchor);
        } catch (AnchorFiles.UnusableException e) {
            throw new GarrisonException("--certificate " + e.getMessage() + "; " + e.remedy(), e);
        }
    }

    /** A key that came together with its certificate. */
    static SigningKey of(PrivateKey key, Anchor certificate) {
        Anchor.problem(certificate.certificate()).ifPresent(problem -> {
            throw new GarrisonException(certificate.file() + ": its certificate " + problem);
        });
        return new SigningKey(key, certificate);
    }

    /** For where it is kept. */
    PrivateKey key() {
        return key;
    }

    private static PrivateKey readKey(Path file) {
        String begin = "-----BEGIN " + KEY_TYPE + "-----";
        try {
            String text = Files.readString(file, StandardCharsets.ISO_8859_1);
            int from = text.indexOf(begin);
            int to = text.indexOf("-----END " + KEY_TYPE + "-----");
            if (from < 0 || to < from) {
                throw new GarrisonException(file + ": holds no key in PKCS#8 without a pass phrase (" + begin
                        + "); convert it with openssl pkcs8 -topk8 -nocrypt");
            }
            byte[] der = Base64.getMimeDecoder().decode(text.substring(from + begin.length(), to));
            return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (IOException e) {
            throw new GarrisonException(file + ": the key cannot be read: " + e, e);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new GarrisonException(file + ": is no RSA key in PKCS#8: " + e.getMessage(), e);
        }
    }

    /**
     * Writes both, never over a file that is there.
     *
     * @param keyFile readable by its owner only
     * @throws GarrisonException if either exists or cannot be written; neither is left behind then
     */
    public void write(Path keyFile, Path certificateFile) {
        create(keyFile, pem(KEY_TYPE, key.getEncoded()), "rw-------");
        try {
            create(certificateFile, pem("CERTIFICATE", certificate.certificate().getEncoded()), "rw-r--r--");
        } catch (GarrisonException | GeneralSecurityException e) {
            try {
                Files.delete(keyFile);
            } catch (IOException alsoThat) {
                e.addSuppressed(alsoThat);
            }
            throw e instanceof GarrisonException known ? known : new GarrisonException("the certificate has no encoding", e);
        }
    }

    /**
     * Writes the certificate alone, never over a file that is there.
     *
     * @throws GarrisonException if it exists or cannot be written
     */
    public void writeCertificate(Path file) {
        try {
            create(file, pem("CERTIFICATE", certificate.certificate().getEncoded()), "rw-r--r--");
        } catch (GeneralSecurityException e) {
            throw new GarrisonException("the certificate has no encoding", e);
        }
    }

    private static void create(Path file, String text, String mode) {
        try (var channel = Files.newByteChannel(file, EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode)))) {
            channel.write(java.nio.ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
        } catch (FileAlreadyExistsException e) {
            throw new GarrisonException(file + " is there already, and keys are never written over; choose another name", e);
        } catch (IOException e) {
            throw new GarrisonException(file + " cannot be written: " + e, e);
        }
    }

    private static String pem(String type, byte[] der) {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + type + "-----\n" + lines + "\n-----END " + type + "-----\n";
    }

    /** The certificate. */
    public Anchor certificate() {
        return certificate;
    }

    /**
     * Signs an object.
     *
     * @return the detached signature's file
     * @throws GarrisonException if the certificate is not valid now
     */
    public byte[] sign(byte[] object) {
        certificate.invalidAt(Instant.now()).ifPresent(reason -> {
            throw new GarrisonException("the certificate " + certificate + " " + reason + ": nobody would take the signature;"
                    + " make a new one with garrison sign --new-key");
        });
        return signAnyway(object);
    }

    /** Without a look at the calendar. */
    byte[] signAnyway(byte[] object) {
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(key);
            signature.update(object);
            return new CmsForm(HexFormat.of().parseHex(certificate.keyId()), signature.sign()).encoded();
        } catch (GeneralSecurityException e) {
            throw new GarrisonException("the object cannot be signed: " + e.getMessage(), e);
        }
    }
}
