// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.Status.AttachedProgram;
import garrison.framework.truth.Mechanism;
import garrison.framework.truth.Witness;
import garrison.framework.truth.Witness.Runs;
import garrison.spi.ActualMode;
import garrison.spi.Mode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * What a run really does.
 *
 * @param actual by what is attached, what has no place, and what the heartbeat saw
 * @param hooks where nothing runs
 * @param reason why; empty when all is as requested
 */
record Enforcement(ActualMode actual, List<String> hooks, String reason) {
    /** Nothing is attached, so nothing can be missing. */
    static Enforcement asRequested(Mode requested) {
        return new Enforcement(ActualMode.valueOf(requested.name()), List.of(), "");
    }

    /**
     * Puts together what is known.
     *
     * @param attached the programs attached
     * @param unserved hooks without a place, with the reasons
     * @param witness what is known of a mechanism
     */
    static Enforcement of(Mode requested, List<AttachedProgram> attached, Map<String, String> unserved,
            Function<Mechanism, Optional<Witness>> witness) {
        List<String> hooks = new ArrayList<>(unserved.keySet());
        Set<String> reasons = new LinkedHashSet<>();
        unserved.forEach((hook, reason) -> reasons.add(hook + ": " + reason));
        int silent = 0;
        boolean unknown = false;
        for (AttachedProgram program : attached) {
            Optional<Witness> seen = mechanism(program.strategy()).flatMap(witness);
            Runs runs = seen.map(Witness::runs).orElse(Runs.YES);
            if (runs != Runs.YES) {
                reasons.add(seen.get().reason());
                unknown |= runs == Runs.UNKNOWN;
            }
            if (runs == Runs.NO) {
                silent++;
                if (!hooks.contains(program.hook())) {
                    hooks.add(program.hook());
                }
            }
        }
        if (reasons.isEmpty()) {
            return asRequested(requested);
        }
        ActualMode actual = silent > 0 && silent == attached.size() ? ActualMode.NONE
                : !hooks.isEmpty() ? ActualMode.PARTIAL : unknown ? ActualMode.UNKNOWN : ActualMode.valueOf(requested.name());
        return new Enforcement(actual, hooks, String.join("; ", reasons));
    }

    /** What a strategy, in words, depends on. */
    static Optional<Mechanism> mechanism(String strategy) {
        int slash = strategy.indexOf('/');
        return Mechanism.of(kind(strategy), slash < 0 ? "" : strategy.substring(slash + 1));
    }

    /** The kind of program that a strategy, in words, attaches; whether it sleeps makes no other kind. */
    static String kind(String strategy) {
        int slash = strategy.indexOf('/');
        String kind = slash < 0 ? strategy : strategy.substring(0, slash);
        return kind.endsWith(".s") ? kind.substring(0, kind.length() - 2) : kind;
    }

    /** The same, of a run that was demoted to AUDIT. @param why empty if it was not */
    Enforcement demoted(String why) {
        return why.isEmpty() ? this : new Enforcement(actual == ActualMode.ENFORCE ? ActualMode.AUDIT : actual, hooks,
                reason.isEmpty() ? why : reason + "; " + why);
    }

    boolean isAsRequested() {
        return reason.isEmpty();
    }

    /** Whether it is worth telling after this one. */
    boolean differsFrom(Enforcement before) {
        return isAsRequested() != before.isAsRequested()
                || !isAsRequested() && (actual != before.actual || !hooks.equals(before.hooks));
    }
}
