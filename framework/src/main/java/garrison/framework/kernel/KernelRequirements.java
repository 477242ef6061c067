// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.framework.object.BpfSpec;
import garrison.framework.object.ExternSpec;
import garrison.framework.object.Owner;
import garrison.spi.Answer;
import garrison.spi.KernelFeatures;
import garrison.spi.ProgramInfo;
import garrison.spi.UnsupportedKernelException;
import java.util.Set;

/** Compares what an object needs with what the running kernel has, before anything is loaded. */
public final class KernelRequirements {
    private static final Set<String> FUNCTION_PROGRAMS = Set.of("fmod_ret", "fentry", "fexit");

    private KernelRequirements() {}

    /**
     * Checks the programs that are to be loaded, and the kernel functions that the object cannot do without: libbpf looks for
     * those even when the program that calls them is not loaded. What could not be found out passes here; the load tells.
     *
     * @param programs names of the programs to be loaded
     * @throws UnsupportedKernelException naming the first hook or function missing, who needs it, and the minimum kernel
     *     where known
     */
    public static void check(BpfSpec spec, Set<String> programs, KernelFeatures kernel, Owner owner) {
        for (ProgramInfo program : spec.programs()) {
            if (programs.contains(program.name())) {
                checkTarget(program, kernel, owner);
            }
        }
        for (ExternSpec extern : spec.externs()) {
            if (extern.function() && !extern.weak() && kernel.function(extern.name()) instanceof Answer.No) {
                String users = extern.programs().isEmpty() ? "object " + spec.name()
                        : "program " + String.join(", ", extern.programs());
                throw missing("kernel function " + extern.name(), extern.name(), users, kernel, owner);
            }
        }
    }

    private static void checkTarget(ProgramInfo program, KernelFeatures kernel, Owner owner) {
        String user = "program " + program.name() + " (" + program.section() + ")";
        if (program.kind().equals("lsm") && kernel.lsmHook(program.target()).isEmpty()) {
            throw missing("LSM hook " + program.target(), program.target(), user, kernel, owner);
        }
        if (FUNCTION_PROGRAMS.contains(program.kind()) && kernel.function(program.target()) instanceof Answer.No) {
            throw missing("kernel function " + program.target(), program.target(), user, kernel, owner);
        }
        if (program.kind().equals("iter") && kernel.function("bpf_iter_" + program.target()) instanceof Answer.No) {
            throw missing("iterator " + program.target(), program.target(), user, kernel, owner);
        }
    }

    private static UnsupportedKernelException missing(String feature, String name, String user, KernelFeatures kernel,
            Owner owner) {
        return new UnsupportedKernelException(feature, "plugin " + owner.plugin() + ": " + user + " needs the " + feature
                + ", which kernel " + kernel.release() + " lacks" + MinimumKernels.words(name));
    }
}
