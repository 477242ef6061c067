// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import java.io.IOException;
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
import org.bouncycastle.asn1.cms.SignedData;
import org.bouncycastle.asn1.cms.SignerIdentifier;
import org.bouncycastle.asn1.cms.SignerInfo;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;

/**
 * A detached CMS signature in the one form that the kernel's own PKCS#7 parser takes on every supported kernel: SignedData,
 * one signer by subject key identifier, no certificates, no attributes, SHA-256, {@code rsaEncryption}, DER. The same bytes
 * come from {@code openssl cms -sign -binary -noattr -nocerts -keyid -md sha256 -outform DER}. Any other encoding of the same
 * signature is refused, so that no byte of the file can be changed.
 */
final class CmsForm {
    private static final AlgorithmIdentifier SHA256 = new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256);
    /** Not {@code sha256WithRSAEncryption}, for which the kernel says ENOPKG. */
    private static final AlgorithmIdentifier RSA = new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE);

    private final byte[] keyId;
    private final byte[] value;

    CmsForm(byte[] keyId, byte[] value) {
        this.keyId = keyId;
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
            form = new CmsForm(ASN1OctetString.getInstance(signer.getSID().getId()).getOctets(), signer.getEncryptedDigest().getOctets());
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
        SignerInfo signer = new SignerInfo(new SignerIdentifier(new DEROctetString(keyId)), SHA256, (ASN1Set) null, RSA,
                new DEROctetString(value), (ASN1Set) null);
        SignedData data = new SignedData(new DERSet(SHA256), new ContentInfo(CMSObjectIdentifiers.data, null), null, null,
                new DERSet(signer));
        try {
            return new ContentInfo(CMSObjectIdentifiers.signedData, data).getEncoded(ASN1Encoding.DER);
        } catch (IOException e) {
            throw new IllegalStateException("a structure of one's own can be encoded", e);
        }
    }

    /** The signer's subject key identifier, lower-case hexadecimal. */
    String keyId() {
        return HexFormat.of().formatHex(keyId);
    }

    /** The signature proper. */
    byte[] value() {
        return value;
    }
}
