// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import garrison.spi.Settings;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The section {@code garrison.trust}: whose objects may be loaded.
 *
 * @param anchors the certificates of those who may sign; empty if signatures are not looked at
 * @param required whether an unsigned object is refused; a signature that is there must be good in any case
 * @param revoked what is refused although it was signed
 * @param kernelCheck whether the kernel itself is to check signatures, too
 */
public record TrustSettings(List<Anchor> anchors, boolean required, Revocations revoked, KernelCheck kernelCheck) {
    /** Everything is loaded. */
    public static final TrustSettings NONE = new TrustSettings(List.of(), false, Revocations.NONE);

    /** Whether the kernel itself checks who signed what is loaded. Minimum kernel 6.18. */
    public enum KernelCheck {
        /** The framework's check has to do. */
        NEVER,
        /** Where the kernel can, and the object comes with the signature of its light skeleton. */
        WHEN_SIGNED,
        /** What the kernel does not check is not loaded. */
        REQUIRED
    }

    private static final String KERNEL_CHECK = "kernel-check";
    private static final String ANCHORS = "anchors";
    private static final String REQUIRE = "require-signature";

    /** With the kernel's check where it can be had. */
    public TrustSettings(List<Anchor> anchors, boolean required, Revocations revoked) {
        this(anchors, required, revoked, KernelCheck.WHEN_SIGNED);
    }

    /** Copies the list. */
    public TrustSettings {
        anchors = List.copyOf(anchors);
    }

    /**
     * Reads the section and the certificates it names.
     *
     * @throws garrison.spi.ConfigurationException if a certificate cannot be used, or signatures are required of nobody
     */
    public static TrustSettings read(Settings section) {
        List<Anchor> anchors = new ArrayList<>();
        for (String pattern : section.strings(ANCHORS)) {
            try {
                anchors.addAll(AnchorFiles.find(pattern));
            } catch (AnchorFiles.UnusableException e) {
                throw section.error(ANCHORS, e.getMessage(), e.remedy());
            }
        }
        boolean required = section.bool(REQUIRE, !anchors.isEmpty());
        if (required && anchors.isEmpty()) {
            throw section.error(REQUIRE, "is true, but no anchor is named, so that nothing could be loaded",
                    "name certificates in " + section.nameOf(ANCHORS));
        }
        KernelCheck kernelCheck = section.choice(KERNEL_CHECK, KernelCheck.class, KernelCheck.WHEN_SIGNED);
        if (kernelCheck == KernelCheck.REQUIRED && anchors.isEmpty()) {
            throw section.error(KERNEL_CHECK, "is required, but no anchor is named by which the kernel could check anything",
                    "name certificates in " + section.nameOf(ANCHORS));
        }
        return new TrustSettings(anchors, required, Revocations.read(section, "revoked"), kernelCheck);
    }

    /**
     * Checks an object before anything else looks at it.
     *
     * @param owner whose it is, for the error: {@code plugin NAME}
     * @return who signed it; empty if no signature was looked at
     * @throws UntrustedObjectException with plugin, object, reason and the certificate wanted
     */
    public Optional<Anchor> check(String owner, SignedObject object) {
        if (anchors.isEmpty() && revoked.objects().isEmpty()) {
            return Optional.empty();
        }
        try {
            String digest = Digests.sha256(object.bytes());
            if (revoked.objects().contains(digest)) {
                throw new RefusedException("it was revoked by its digest " + digest);
            }
            if (anchors.isEmpty() || object.signature().isEmpty() && !required) {
                return Optional.empty();
            }
            return Optional.of(signer(object.bytes(), object.signature().orElseThrow(() -> new RefusedException(
                    "it is unsigned (no " + object.name() + SignedObject.SUFFIX + " beside it)"))));
        } catch (RefusedException e) {
            throw untrusted(owner, object.name(), e.getMessage());
        } catch (NoClassDefFoundError e) {
            throw untrusted(owner, object.name(), "signatures cannot be checked, Bouncy Castle is missing (" + e.getMessage()
                    + "): add bcpkix-jdk18on and what it needs");
        }
    }

    private Anchor signer(byte[] bytes, byte[] signature) {
        CmsForm form = CmsForm.parse(signature);
        List<Anchor> named = anchors.stream().filter(form::names).toList();
        if (named.isEmpty()) {
            throw new RefusedException("it was signed with the key " + form.signer() + ", whose certificate is no anchor");
        }
        // Two certificates may be of one key, after a renewal; or, by an ill-willed neighbour's choice, only of one key id.
        List<Anchor> fitting = named.stream().filter(a -> a.signed(bytes, form.value())).toList();
        if (fitting.isEmpty()) {
            throw new RefusedException("its signature names " + named.getFirst()
                    + " and does not fit: the object or the signature was altered");
        }
        Instant now = Instant.now();
        return fitting.stream().filter(a -> problem(a, now).isEmpty()).findFirst().orElseThrow(() -> new RefusedException(
                "the signer's certificate " + fitting.getFirst() + " " + problem(fitting.getFirst(), now).orElseThrow()));
    }

    /** The certificates of those whose signatures are good now. */
    public List<X509Certificate> valid() {
        Instant now = Instant.now();
        return anchors.stream().filter(anchor -> problem(anchor, now).isEmpty()).map(Anchor::certificate).toList();
    }

    private Optional<String> problem(Anchor anchor, Instant now) {
        return revoked.of(anchor).or(() -> anchor.invalidAt(now));
    }

    private UntrustedObjectException untrusted(String owner, String object, String reason) {
        String wanted = anchors.isEmpty() ? ""
                : "; wanted is a signature (garrison sign) by " + anchors.stream().map(Anchor::toString)
                        .collect(Collectors.joining(" or "));
        return new UntrustedObjectException(owner + ": object " + object + " is not trusted: " + reason + wanted);
    }
}
