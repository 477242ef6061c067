// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import garrison.framework.kernel.KernelKeyrings;
import garrison.framework.kernel.RunningKernel;
import garrison.framework.link.HookPlan;
import garrison.framework.link.Strategy;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.Owner;
import garrison.framework.trust.SignedObject;
import garrison.framework.trust.TrustSettings;
import garrison.framework.trust.TrustSettings.KernelCheck;
import garrison.spi.Answer;
import garrison.spi.GarrisonException;
import garrison.spi.Keyrings;
import java.util.Optional;

/**
 * Whether the kernel itself checks who signed an object, and by which keyring. The keyring lives while the object is loaded: what was
 * loaded by it stays.
 */
public final class KernelTrust implements AutoCloseable {
    private final Keyrings.Keyring keyring;
    private final SignedSkeleton skeleton;
    private final String words;

    private KernelTrust(Keyrings.Keyring keyring, SignedSkeleton skeleton, String words) {
        this.keyring = keyring;
        this.skeleton = skeleton;
        this.words = words;
    }

    /**
     * Looks at an object whose own signature was found good.
     *
     * @param plan where its programs are put
     * @throws GarrisonException if the kernel's check is required, and why it cannot be had
     * @throws garrison.framework.trust.UntrustedObjectException if the light skeleton's signature is not good
     */
    public static KernelTrust of(BpfSpec spec, SignedObject object, TrustSettings trust, HookPlan plan, RunningKernel kernel, Owner owner) {
        if (trust.anchors().isEmpty()) {
            return none(object.signature().isPresent() ? "signature not looked at" : "");
        }
        Optional<String> obstacle = obstacle(object, trust, plan, kernel);
        if (obstacle.isPresent()) {
            if (trust.kernelCheck() == KernelCheck.REQUIRED) {
                throw new GarrisonException("plugin " + owner.plugin() + ": " + spec.name() + " is to be checked by the kernel"
                        + " (garrison.trust.kernel-check), and cannot be on kernel " + kernel.release() + ": " + obstacle.get());
            }
            return none(object.signature().isPresent() ? "checked by Garrison, not by the kernel: " + obstacle.get() : "unsigned");
        }
        byte[] signature = object.skeleton().orElseThrow();
        LightSkeleton skeleton = LightSkeleton.of(spec, object.bytes());
        trust.check("plugin " + owner.plugin(), object.asSkeleton(skeleton.code()));
        Keyrings.Keyring keyring = new KernelKeyrings(owner).create(trust.valid());
        return new KernelTrust(keyring, new SignedSkeleton(skeleton, signature, keyring.serial()), "checked by Garrison and by the kernel");
    }

    private static KernelTrust none(String words) {
        return new KernelTrust(null, null, words);
    }

    /** Why the kernel is not to check it, or cannot. */
    private static Optional<String> obstacle(SignedObject object, TrustSettings trust, HookPlan plan, RunningKernel kernel) {
        if (trust.kernelCheck() == KernelCheck.NEVER) {
            return Optional.of("garrison.trust.kernel-check = never");
        }
        switch (kernel.programSignatures()) {
            case Answer.No no -> {
                return Optional.of(no.reason());
            }
            case Answer.Inconclusive unknown -> {
                return Optional.of(unknown.reason());
            }
            case Answer.Yes _ -> { }
        }
        if (object.skeleton().isEmpty()) {
            return Optional.of("no " + object.name() + SignedObject.SKELETON_SUFFIX + " beside it; sign it with garrison sign");
        }
        return plan.places().entrySet().stream().filter(e -> e.getValue() instanceof Strategy.Elsewhere).findFirst()
                .map(e -> "program " + e.getKey() + " runs at " + ((Strategy.Elsewhere) e.getValue()).function()
                        + " here, and is signed for its own place; boot with bpf in lsm=");
    }

    /** What makes the kernel take the object; empty if the framework's check has to do. */
    public Optional<SignedSkeleton> skeleton() {
        return Optional.ofNullable(skeleton);
    }

    /** Who checked it, for the status; empty if nobody was asked to. */
    public String words() {
        return words;
    }

    @Override
    public void close() {
        if (keyring != null) {
            keyring.close();
        }
    }
}
