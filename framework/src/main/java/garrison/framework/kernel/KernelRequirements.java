// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.framework.object.BpfSpec;
import garrison.framework.object.Owner;
import garrison.spi.KernelFeatures;
import java.util.Set;

/** Compares what an object needs with what the running kernel has, before anything is loaded. */
public final class KernelRequirements {
    private KernelRequirements() {}

    /**
     * Checks the programs that are to be loaded, and the kernel functions that the object cannot do without.
     *
     * @param programs names of the programs to be loaded
     * @throws garrison.spi.UnsupportedKernelException naming the first hook or function missing, who needs it, and the
     *     minimum kernel where known
     */
    public static void check(BpfSpec spec, Set<String> programs, KernelFeatures kernel, Owner owner) {
        throw new UnsupportedOperationException();
    }
}
