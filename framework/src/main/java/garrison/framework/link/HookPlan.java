// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import garrison.framework.btf.BtfFunction;
import garrison.framework.kernel.RunningKernel;
import garrison.framework.object.BpfSpec;
import garrison.spi.LsmHook;
import garrison.spi.ProgramInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where each program of an object goes on this kernel. Where LSM programs run, all go where their sections say. Where they
 * do not ({@code bpf} missing in {@code lsm=}), a program of the LSM hook {@code X} goes
 * <ol>
 * <li>to {@code fmod_ret/security_X}, unchanged, if the kernel's types say that the arguments are the same: its denial is
 *     then the function's result (a void hook's program goes to {@code fentry/security_X}),
 * <li>else its place is taken by a program of the same object that was written for that function: the section
 *     {@code ?fmod_ret/security_X}, or, which can observe but not deny, {@code ?fentry/…} or {@code ?kprobe/…},
 * <li>else it is not served, and told so.
 * </ol>
 * No kernel so far lets a sleepable program modify the result of {@code security_*}, so sleepable ones need a stand-in.
 *
 * @param places by the program's name, in the object's order
 */
public record HookPlan(Map<String, Strategy> places) {
    private static final String PREFIX = "security_";
    private static final List<String> STAND_INS = List.of("fmod_ret", "fentry", "kprobe");
    private static final Strategy DECLARED = new Strategy.Declared();

    /** Functions that are not named after their hook; hooks in _security lose it, see {@link #candidates}. */
    private static final Map<String, String> OTHER_NAMES = Map.of(
            "userns_create", "security_create_user_ns",
            "settime", "security_settime64",
            "socket_sock_rcv_skb", "security_sock_rcv_skb",
            "vm_enough_memory", "security_vm_enough_memory_mm");

    /**
     * Plans some programs of an object.
     *
     * @param programs names of those wanted
     * @param lsmRuns whether LSM programs run here
     */
    public static HookPlan of(BpfSpec spec, Set<String> programs, RunningKernel kernel, boolean lsmRuns) {
        Map<String, Strategy> places = new LinkedHashMap<>();
        for (ProgramInfo program : spec.programs()) {
            if (programs.contains(program.name())) {
                places.put(program.name(),
                        lsmRuns || !program.kind().equals("lsm") ? DECLARED : fallBack(program, spec, kernel));
            }
        }
        return new HookPlan(places);
    }

    private static Strategy fallBack(ProgramInfo program, BpfSpec spec, RunningKernel kernel) {
        Optional<LsmHook> hook = kernel.lsmHook(program.target());
        Optional<String> function = candidates(program.target()).stream()
                .filter(name -> kernel.btf().function(name).isPresent()).findFirst();
        if (hook.isEmpty() || function.isEmpty()) {
            return new Strategy.Unserved("kernel " + kernel.release() + " has no function " + PREFIX + program.target()
                    + " to fall back to");
        }
        BtfFunction type = kernel.btf().function(function.get()).orElseThrow();
        if (!program.sleepable() && type.parameters().equals(hook.get().arguments())) {
            return new Strategy.Elsewhere(hook.get().returnsVerdict() ? "fmod_ret" : "fentry", function.get());
        }
        for (String kind : STAND_INS) {
            for (ProgramInfo other : spec.programs()) {
                if (other.optional() && other.kind().equals(kind) && other.target().equals(function.get())) {
                    return new Strategy.StandIn(other);
                }
            }
        }
        return new Strategy.Unserved(program.sleepable()
                ? "sleepable programs have no fall-back (fmod_ret/" + function.get() + " cannot sleep)"
                : function.get() + "(" + String.join(", ", type.parameters()) + ") has other arguments than the hook, and "
                        + spec.name() + " has no section ?fmod_ret/" + function.get());
    }

    /** {@code security_X}; for {@code Y_security}: {@code security_Y}. */
    private static List<String> candidates(String hook) {
        String suffix = "_security";
        String other = OTHER_NAMES.getOrDefault(hook, PREFIX + (hook.endsWith(suffix)
                ? hook.substring(0, hook.length() - suffix.length()) : hook));
        return List.of(PREFIX + hook, other);
    }

    /** The place of a program; as declared if this plan does not name it. */
    public Strategy of(String program) {
        return places.getOrDefault(program, DECLARED);
    }

    /** Whether some other program's place is taken by this one. */
    public boolean isStandIn(ProgramInfo program) {
        return places.values().stream().anyMatch(s -> s instanceof Strategy.StandIn(ProgramInfo other) && other.equals(program));
    }

    /** A plan in which all is as declared. */
    public static HookPlan declared() {
        return new HookPlan(Map.of());
    }
}
