// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.framework.object.BpfSpec;
import garrison.framework.object.ExternSpec;
import garrison.framework.object.MapSpec;
import garrison.framework.object.Owner;
import garrison.spi.Answer;
import garrison.spi.LsmHook;
import garrison.spi.ProgramInfo;
import garrison.spi.UnsupportedKernelException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/** Compares what an object needs with what the running kernel has, before anything is loaded. */
public final class KernelRequirements {
    private static final Set<String> FUNCTION_PROGRAMS = Set.of("fmod_ret", "fentry", "fexit");

    private KernelRequirements() {}

    /**
     * Checks the programs that are to be loaded, the types of all maps, and the kernel functions that the object cannot do without: libbpf looks for
     * those even when the program that calls them is not loaded. What could not be found out passes here; the load tells.
     *
     * @param programs names of the programs to be loaded
     * @throws UnsupportedKernelException naming the first hook or function missing, who needs it, and the minimum kernel
     *     where known
     */
    public static void check(BpfSpec spec, Set<String> programs, RunningKernel kernel, Owner owner) {
        for (ProgramInfo program : spec.programs()) {
            if (programs.contains(program.name())) {
                checkTarget(program, kernel, owner);
            }
        }
        for (MapSpec map : spec.maps()) {
            checkMap(spec, map, kernel, owner);
        }
        for (ExternSpec extern : spec.externs()) {
            if (extern.function() && !extern.weak() && kernel.function(extern.name()) instanceof Answer.No) {
                String users = extern.programs().isEmpty() ? "object " + spec.name()
                        : "program " + String.join(", ", extern.programs());
                throw missing("kernel function " + extern.name(), extern.name(), users, kernel, owner);
            }
        }
    }

    private static void checkMap(BpfSpec spec, MapSpec map, RunningKernel kernel, Owner owner) {
        Collection<Long> known = kernel.btf().enumValues("bpf_map_type").orElse(Map.of()).values();
        if (!known.isEmpty() && !known.contains((long) map.type())) {
            String type = BpfTypes.map(map.type()).orElse(String.valueOf(map.type()));
            String feature = "map type " + type;
            throw new UnsupportedKernelException(feature, "plugin " + owner.plugin() + ": map " + map.name() + " of " + spec.name()
                    + " needs the " + feature + ", which kernel " + kernel.release() + " lacks"
                    + BpfTypes.mapSince(type).map(v -> "; it takes kernel " + v + " or later").orElse(""));
        }
    }

    private static void checkTarget(ProgramInfo program, RunningKernel kernel, Owner owner) {
        String user = "program " + program.name() + " (" + program.section() + ")";
        if (program.kind().equals("lsm")) {
            LsmHook hook = kernel.lsmHook(program.target()).orElseThrow(
                    () -> missing("LSM hook " + program.target(), program.target(), user, kernel, owner));
            if (program.sleepable() && kernel.sleepable(hook) instanceof Answer.No) {
                throw missing("sleepable LSM hook " + program.target(), "", user, kernel, owner);
            }
        }
        if (FUNCTION_PROGRAMS.contains(program.kind()) && kernel.function(program.target()) instanceof Answer.No) {
            throw missing("kernel function " + program.target(), program.target(), user, kernel, owner);
        }
        if (program.kind().equals("iter") && kernel.function("bpf_iter_" + program.target()) instanceof Answer.No) {
            throw missing("iterator " + program.target(), program.target(), user, kernel, owner);
        }
    }

    private static UnsupportedKernelException missing(String feature, String name, String user, RunningKernel kernel,
            Owner owner) {
        return new UnsupportedKernelException(feature, "plugin " + owner.plugin() + ": " + user + " needs the " + feature
                + ", which kernel " + kernel.release() + " lacks" + MinimumKernels.words(name));
    }
}
