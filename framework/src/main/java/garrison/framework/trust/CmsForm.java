// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Set;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.IssuerAndSerialNumber;
import org.bouncycastle.asn1.cms.SignedData;
import org.bouncycastle.asn1.cms.SignerIdentifier;
import org.bouncycastle.asn1.cms.SignerInfo;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;

/**
 * A detached CMS signature in the one form that the kernel's own PKCS#7 parser takes on every supported kernel: SignedData,
 * one signer by subject key identifier, no certificates, no attributes, SHA-256, {@code rsaEncryption}, DER. The same bytes
 * come from {@code openssl cms -sign -binary -noattr -nocerts -keyid -md sha256 -outform DER}, and from bpftool. Read is also the
 * older form in which fsverity-utils sign ({@code openssl smime}): the signer by issuer and serial number, the digest's algorithm
 * with a NULL. Any other encoding of the same signature is refused, so that no byte of the file can be changed.
 */
final class CmsForm {
    private static final AlgorithmIdentifier SHA256 = new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256);
    /** Not {@code sha256WithRSAEncryption}, for which the kernel says ENOPKG. */
    private static final AlgorithmIdentifier RSA = new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE);

    private static final AlgorithmIdentifier OLDER_SHA256 = new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256, DERNull.INSTANCE);

    private final SignerIdentifier signer;
    private final byte[] value;

    CmsForm(byte[] keyId, byte[] value) {
        this(new SignerIdentifier(new DEROctetString(keyId)), value);
    }

    private CmsForm(SignerIdentifier signer, byte[] value) {
        this.signer = signer;
        this.value = value;
    }

    /**
     * Reads a signature.
     *
     * @throws RefusedException if it is not of this form
     */
    static CmsForm parse(byte[] der) {
        CmsForm form;
        try {
            // Also refuses what follows the structure.
            ContentInfo content = ContentInfo.getInstance(ASN1Primitive.fromByteArray(der));
            SignerInfo signer = SignerInfo.getInstance(SignedData.getInstance(content.getContent()).getSignerInfos().getObjectAt(0));
            SignerIdentifier named = signer.getSID();
            // Made anew, not taken over: what else may stand there would come back when it is encoded.
            form = named.isTagged()
                    ? new CmsForm(ASN1OctetString.getInstance(named.getId()).getOctets(), signer.getEncryptedDigest().getOctets())
                    : new CmsForm(new SignerIdentifier(IssuerAndSerialNumber.getInstance(named.getId())), signer.getEncryptedDigest().getOctets());
        } catch (IOException | RuntimeException e) {
            throw new RefusedException("its signature cannot be read (" + der.length + " bytes): it is damaged, or no CMS");
        }
        if (!Arrays.equals(form.encoded(), der)) {
            throw new RefusedException("its signature has another form than garrison sign gives it"
                    + " (openssl cms -sign -binary -noattr -nocerts -keyid -md sha256 -outform DER)");
        }
        return form;
    }

    /** The file's bytes. */
    byte[] encoded() {
        AlgorithmIdentifier digest = signer.isTagged() ? SHA256 : OLDER_SHA256;
        SignerInfo info = new SignerInfo(signer, digest, (ASN1Set) null, RSA, new DEROctetString(value), (ASN1Set) null);
        SignedData data = new SignedData(new DERSet(digest), new ContentInfo(CMSObjectIdentifiers.data, null), null, null,
                new DERSet(info));
        try {
            return new ContentInfo(CMSObjectIdentifiers.signedData, data).getEncoded(ASN1Encoding.DER);
        } catch (IOException e) {
            throw new IllegalStateException("a structure of one's own can be encoded", e);
        }
    }

    /** Who says that he signed: his key's identifier in lower-case hexadecimal, or his certificate's serial number and issuer. */
    String signer() {
        if (signer.isTagged()) {
            return HexFormat.of().formatHex(ASN1OctetString.getInstance(signer.getId()).getOctets());
        }
        IssuerAndSerialNumber named = IssuerAndSerialNumber.getInstance(signer.getId());
        return named.getSerialNumber().getValue().toString(16) + " of " + named.getName();
    }

    /** Whether that is the one with this certificate. */
    boolean names(Anchor anchor) {
        if (signer.isTagged()) {
            return anchor.keyId().equals(signer());
        }
        X509Certificate certificate = anchor.certificate();
        return IssuerAndSerialNumber.getInstance(signer.getId()).equals(new IssuerAndSerialNumber(
                X500Name.getInstance(certificate.getIssuerX500Principal().getEncoded()), certificate.getSerialNumber()));
    }

    /** The signature proper. */
    byte[] value() {
        return value;
    }
}
