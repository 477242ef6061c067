// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.kernel.KernelRequirements;
import garrison.framework.kernel.RunningKernel;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.Owner;
import garrison.framework.trust.SignedObject;
import garrison.framework.trust.TrustSettings;
import garrison.framework.trust.UntrustedObjectException;
import garrison.spi.GarrisonException;
import garrison.spi.ProgramInfo;
import garrison.spi.ProgramSource;
import garrison.spi.UnsupportedKernelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The object of a plugin that this kernel can run.
 *
 * @param spec what it is
 * @param object its bytes and signature
 */
record ObjectChoice(BpfSpec spec, SignedObject object) {
    /**
     * Looks at a plugin's objects in its order of preference.
     *
     * @throws garrison.framework.trust.UntrustedObjectException for the first that was tampered with or signed by nobody
     *     trusted: no other stands in for it, so that who damages one cannot choose another
     * @throws GarrisonException with the reason for each, if none will do
     */
    static ObjectChoice of(List<ProgramSource> sources, RunningKernel kernel, TrustSettings trust, HookGround ground,
            Owner owner) {
        List<GarrisonException> reasons = new ArrayList<>();
        for (ProgramSource source : sources) {
            try {
                SignedObject object = SignedObject.read(source);
                trust.check("plugin " + owner.plugin(), object);
                BpfSpec spec = BpfSpec.parse(source.name(), object.bytes());
                check(spec, spec.programs().stream().filter(p -> !p.optional()).map(ProgramInfo::name).collect(Collectors.toSet()),
                        kernel, ground, owner);
                return new ObjectChoice(spec, object);
            } catch (UntrustedObjectException e) {
                throw e;
            } catch (GarrisonException e) {
                reasons.add(e);
            }
        }
        if (reasons.size() == 1) {
            throw reasons.getFirst();
        }
        GarrisonException none = new GarrisonException(reasons.isEmpty()
                ? "plugin " + owner.plugin() + " names no BPF object"
                : reasons.stream().map(Throwable::getMessage).collect(Collectors.joining("\n",
                        "none of its " + reasons.size() + " objects runs here:\n", "")));
        reasons.forEach(none::addSuppressed);
        throw none;
    }

    /**
     * Checks the programs that are to be loaded.
     *
     * @throws UnsupportedKernelException for the first thing missing
     */
    static void check(BpfSpec spec, Set<String> programs, RunningKernel kernel, HookGround ground, Owner owner) {
        KernelRequirements.check(spec, programs, kernel, owner);
        ground.check(spec, programs, owner);
    }
}
