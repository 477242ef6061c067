// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.kernel.RunningKernel;
import garrison.framework.link.HookPlan;
import garrison.framework.link.Strategy;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.Owner;
import garrison.framework.truth.Mechanism;
import garrison.framework.truth.Truth;
import garrison.framework.truth.Witness;
import garrison.framework.truth.Witness.Runs;
import garrison.spi.Answer;
import garrison.spi.ProgramInfo;
import garrison.spi.UnsupportedKernelException;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What this kernel does with the programs of one run: whether LSM programs run, where each goes, and the heartbeat that
 * watches what they depend on. Nothing is tried before it is needed. For one thread at a time.
 */
final class HookGround {
    private final RunningKernel kernel;
    private final Truth truth;
    private final Set<Mechanism> asked = EnumSet.noneOf(Mechanism.class);
    private Boolean lsmRuns;

    HookGround(Platform platform) {
        this.kernel = platform.kernel();
        this.truth = platform.truth();
    }

    /**
     * Plans where programs go, and watches what that depends on.
     *
     * @param programs names of those to be loaded
     */
    HookPlan plan(BpfSpec spec, Set<String> programs) {
        boolean lsm = spec.programs().stream().anyMatch(p -> p.kind().equals("lsm") && programs.contains(p.name()));
        HookPlan plan = HookPlan.of(spec, programs, kernel, !lsm || lsmRuns());
        for (ProgramInfo program : spec.programs()) {
            if (programs.contains(program.name())) {
                Strategy place = plan.of(program.name());
                Mechanism.of(place.kind(program), place.target(program)).ifPresent(this::answer);
            }
        }
        return plan;
    }

    /**
     * Refuses an object none of whose LSM programs would run.
     *
     * @throws UnsupportedKernelException with the reason for each
     */
    void check(BpfSpec spec, Set<String> programs, Owner owner) {
        HookPlan plan = plan(spec, programs);
        Map<String, String> unserved = unserved(plan, spec);
        if (!unserved.isEmpty() && unserved.size() == plan.places().size()) {
            throw new UnsupportedKernelException("BPF LSM", "plugin " + owner.plugin() + ", " + spec.name() + ": no program"
                    + " would run on kernel " + kernel.release() + ": " + whyNotLsm() + ". Without it: "
                    + unserved.entrySet().stream().map(e -> e.getKey() + ": " + e.getValue()).collect(Collectors.joining("; ")));
        }
    }

    /** Hooks where nothing of a plan can be, with the reasons. */
    static Map<String, String> unserved(HookPlan plan, BpfSpec spec) {
        Map<String, String> reasons = new LinkedHashMap<>();
        for (ProgramInfo program : spec.programs()) {
            if (plan.of(program.name()) instanceof Strategy.Unserved(String reason)) {
                reasons.put(program.target(), reason);
            }
        }
        return reasons;
    }

    private String whyNotLsm() {
        return truth.witness(Mechanism.LSM).map(Witness::reason).orElse("its LSM programs do not run");
    }

    /**
     * What was seen decides, and only where that would be a switched-off ftrace, which takes the fall-back with it, the list
     * of modules.
     */
    private boolean lsmRuns() {
        if (lsmRuns == null) {
            boolean listed = !(kernel.bpfLsm() instanceof Answer.No);
            Runs seen = answer(Mechanism.LSM).runs();
            lsmRuns = seen == Runs.YES
                    || listed && (seen == Runs.UNKNOWN || answer(Mechanism.TRAMPOLINE).runs() != Runs.YES);
        }
        return lsmRuns;
    }

    private Witness answer(Mechanism mechanism) {
        // What could not be found out is tried once a run.
        return asked.add(mechanism) ? truth.watch(mechanism) : truth.witness(mechanism).orElseThrow();
    }

    /** What is known of a mechanism now. */
    Optional<Witness> witness(Mechanism mechanism) {
        return truth.witness(mechanism);
    }
}
