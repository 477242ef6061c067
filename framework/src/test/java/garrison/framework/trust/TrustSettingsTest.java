// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.object.TestObjects;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Primitive;
import org.junit.jupiter.api.Test;

/** What is refused, and that what is right is not. The keys are made here. */
class TrustSettingsTest {
    private static final SigningKey ALICE = SigningKey.create("Alice", Duration.ofDays(10));
    private static final SigningKey MALLORY = SigningKey.create("Mallory", Duration.ofDays(10));
    private static final byte[] OBJECT = TestObjects.object();
    private static final byte[] SIGNATURE = ALICE.sign(OBJECT);

    private static TrustSettings trusting(SigningKey... keys) {
        return new TrustSettings(Arrays.stream(keys).map(SigningKey::certificate).toList(), true, Revocations.NONE);
    }

    private static TrustSettings revoking(Revocations revoked) {
        return new TrustSettings(List.of(ALICE.certificate()), true, revoked);
    }

    private static SignedObject object(byte[] bytes, byte[] signature) {
        return new SignedObject("word.bpf.o", bytes, Optional.ofNullable(signature));
    }

    private static void assertRefused(String reason, TrustSettings trust, SignedObject object) {
        String told = assertThrows(UntrustedObjectException.class, () -> trust.check("plugin word", object)).getMessage();
        assertTrue(told.startsWith("plugin word: object word.bpf.o is not trusted: "), told);
        assertTrue(told.contains(reason), told);
        for (Anchor anchor : trust.anchors()) {
            assertTrue(told.contains("wanted is a signature (garrison sign) by ")
                    && told.contains("CN=" + anchor.file().toString().replace(".pem", "") + " (SHA-256 " + anchor.fingerprint()), told);
        }
    }

    @Test
    void objectSignedByAnAnchor_isLetInUnderItsName() {
        assertEquals(Optional.of(ALICE.certificate()), trusting(MALLORY, ALICE).check("plugin word", object(OBJECT, SIGNATURE)));
    }

    @Test
    void withoutAnchors_nothingIsLookedAt() {
        assertEquals(Optional.empty(), TrustSettings.NONE.check("plugin word", object(OBJECT, new byte[] {1, 2, 3})));
    }

    @Test
    void unsignedObject_isRefused() {
        assertRefused("it is unsigned (no word.bpf.o.p7s beside it)", trusting(ALICE), object(OBJECT, null));
    }

    @Test
    void unsignedObject_whereNoSignatureIsRequired_isLetIn_butNotABadSignature() {
        TrustSettings lenient = new TrustSettings(List.of(ALICE.certificate()), false, Revocations.NONE);
        assertEquals(Optional.empty(), lenient.check("plugin word", object(OBJECT, null)));
        assertRefused("altered", lenient, object(TestObjects.needs(), SIGNATURE));
    }

    @Test
    void objectSignedByAnother_isRefusedAndTheKeyIsNamed() {
        assertRefused("it was signed with the key " + MALLORY.certificate().keyId() + ", whose certificate is no anchor",
                trusting(ALICE), object(OBJECT, MALLORY.sign(OBJECT)));
    }

    @Test
    void signatureOfAnother_underTheAnchorsName_isRefused() {
        byte[] forged = new CmsForm(java.util.HexFormat.of().parseHex(ALICE.certificate().keyId()),
                CmsForm.parse(MALLORY.sign(OBJECT)).value()).encoded();
        assertRefused("does not fit", trusting(ALICE), object(OBJECT, forged));
    }

    @Test
    void objectWithOneBitChanged_isRefused_wherever() {
        for (int at = 0; at < OBJECT.length; at += 97) {
            byte[] altered = OBJECT.clone();
            altered[at] ^= 1;
            assertRefused("does not fit", trusting(ALICE), object(altered, SIGNATURE));
        }
        assertRefused("does not fit", trusting(ALICE), object(Arrays.copyOf(OBJECT, OBJECT.length + 1), SIGNATURE));
        assertRefused("does not fit", trusting(ALICE), object(new byte[0], SIGNATURE));
    }

    @Test
    void signatureWithAnyBitChanged_isRefused() {
        for (int bit = 0; bit < 8 * SIGNATURE.length; bit++) {
            byte[] altered = SIGNATURE.clone();
            altered[bit / 8] ^= (byte) (1 << bit % 8);
            assertRefused("sign", trusting(ALICE), object(OBJECT, altered));
        }
    }

    @Test
    void signatureCutOrFollowedBySomething_isRefused() {
        for (int length = 0; length < SIGNATURE.length; length++) {
            assertRefused("cannot be read", trusting(ALICE), object(OBJECT, Arrays.copyOf(SIGNATURE, length)));
        }
        assertRefused("cannot be read", trusting(ALICE), object(OBJECT, Arrays.copyOf(SIGNATURE, SIGNATURE.length + 1)));
    }

    @Test
    void sameSignatureInAnotherEncoding_isRefused() throws Exception {
        byte[] other = ASN1Primitive.fromByteArray(SIGNATURE).getEncoded(ASN1Encoding.DL);
        byte[] indefinite = new org.bouncycastle.cms.CMSSignedData(SIGNATURE).toASN1Structure().getEncoded(ASN1Encoding.BER);
        for (byte[] encoded : List.of(other, indefinite)) {
            if (!Arrays.equals(encoded, SIGNATURE)) {
                assertRefused("another form", trusting(ALICE), object(OBJECT, encoded));
            }
        }
        byte[] longForm = new byte[SIGNATURE.length + 1];
        longForm[0] = SIGNATURE[0];
        longForm[1] = (byte) 0x83; // three bytes of length where two will do
        System.arraycopy(SIGNATURE, 2, longForm, 3, SIGNATURE.length - 2);
        assertRefused("form", trusting(ALICE), object(OBJECT, longForm));
    }

    @Test
    void expiredCertificate_isRefusedWithItsDate() {
        Instant longAgo = Instant.parse("2020-01-01T00:00:00Z");
        SigningKey old = SigningKey.create("Old", longAgo, Duration.ofDays(30));
        assertRefused("expired at 2020-01-31T00:00:00Z", trusting(old), object(OBJECT, old.signAnyway(OBJECT)));
    }

    @Test
    void certificateOfTheFuture_isRefused() {
        SigningKey early = SigningKey.create("Early", Instant.now().plus(Duration.ofDays(2)), Duration.ofDays(30));
        assertRefused("is not valid before", trusting(early), object(OBJECT, early.signAnyway(OBJECT)));
    }

    @Test
    void revokedCertificate_isRefused_bySerialAndByFingerprint() {
        SignedObject good = object(OBJECT, SIGNATURE);
        assertRefused("was revoked by its serial number",
                revoking(new Revocations(Set.of(ALICE.certificate().serial()), Set.of(), Set.of())), good);
        assertRefused("was revoked by its fingerprint",
                revoking(new Revocations(Set.of(), Set.of(ALICE.certificate().fingerprint()), Set.of())), good);
        String others = MALLORY.certificate().fingerprint();
        assertEquals(Optional.of(ALICE.certificate()), revoking(new Revocations(Set.of("1"), Set.of(others), Set.of(others)))
                .check("plugin word", good));
    }

    @Test
    void revokedObject_isRefused_thoughSignedOrWithoutAnyAnchor() {
        String digest = Digests.sha256(OBJECT);
        Revocations revoked = new Revocations(Set.of(), Set.of(), Set.of(digest));
        assertRefused("it was revoked by its digest " + digest, revoking(revoked), object(OBJECT, SIGNATURE));
        assertRefused(digest, new TrustSettings(List.of(), false, revoked), object(OBJECT, null));
    }
}
