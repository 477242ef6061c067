// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What another policy changes for someone at one place.
 *
 * @param object the place, as one of the policies names it
 * @param below whether what lies below it is meant, else the object itself
 * @param who whom it changes for, in words; those whom no rule names are {@code others}
 * @param before what became of the acts
 * @param after what becomes of them
 * @param acts their words
 */
public record AccessDifference(Path object, boolean below, String who, Standing before, Standing after, List<String> acts) {
    /** Those whom no entry of any rule means. */
    private static final String OTHERS = "others";

    private record Target(Path path, boolean below) {}

    private record Change(Standing before, Standing after) {}

    /** Whether less is let through than before. */
    public boolean stricter() {
        return after.compareTo(before) > 0;
    }

    /** For people. */
    public String words() {
        return (stricter() ? "stricter: " : "looser: ") + (below ? "below " : "") + object + ": " + String.join(", ", acts) + " by " + who
                + ": " + before.word() + " before, now " + after.word();
    }

    /** All that two policies make of the places that either names, by all whom either names, and by others. */
    static List<AccessDifference> between(GuardPolicy before, GuardPolicy after) {
        List<AccessDifference> all = new ArrayList<>();
        for (Target target : targets(before, after)) {
            all.addAll(at(target, before, after));
        }
        return List.copyOf(all);
    }

    private static Set<Target> targets(GuardPolicy before, GuardPolicy after) {
        Set<Target> targets = new LinkedHashSet<>();
        for (GuardPolicy policy : List.of(before, after)) {
            for (Rule rule : policy.rules()) {
                rule.paths().stream().filter(Files::exists).forEach(path -> targets.add(new Target(policy.way(path).object(), false)));
                rule.trees().forEach(tree -> targets.add(new Target(policy.way(tree).object(), true)));
            }
        }
        return targets;
    }

    private static List<AccessDifference> at(Target target, GuardPolicy before, GuardPolicy after) {
        Side old = Side.of(before, target);
        Side now = Side.of(after, target);
        Map<String, Actor> actors = new LinkedHashMap<>();
        actors.put(OTHERS, Actor.ANYONE);
        for (Side side : List.of(old, now)) {
            for (Act act : Act.values()) {
                side.policy.words(side.way, act).forEach(word -> side.policy.rule(word.rule()).allow()
                        .forEach(one -> actors.putIfAbsent(one.words(), one.actor())));
            }
        }
        Map<Act, Change> ofOthers = changes(old, now, Actor.ANYONE);
        List<AccessDifference> differences = new ArrayList<>();
        actors.forEach((who, actor) -> {
            Map<Change, List<String>> alike = new LinkedHashMap<>();
            changes(old, now, actor).forEach((act, change) -> {
                // Who fares as others do is one of them.
                if (change.before != change.after && (who.equals(OTHERS) || !change.equals(ofOthers.get(act)))) {
                    alike.computeIfAbsent(change, c -> new ArrayList<>()).add(act.word());
                }
            });
            alike.forEach((change, acts) ->
                    differences.add(new AccessDifference(target.path, target.below, who, change.before, change.after, acts)));
        });
        return differences;
    }

    private static Map<Act, Change> changes(Side old, Side now, Actor actor) {
        Map<Act, Change> changes = new EnumMap<>(Act.class);
        for (Act act : Act.values()) {
            changes.put(act, new Change(old.standing(act, actor), now.standing(act, actor)));
        }
        return changes;
    }

    /** One policy's view of a target. */
    private record Side(GuardPolicy policy, Way way) {
        static Side of(GuardPolicy policy, Target target) {
            Way way = policy.way(target.path);
            return new Side(policy, target.below ? way.fromBelow() : way);
        }

        /** To be let through by a rule and to be asked by none is the same to who acts. */
        Standing standing(Act act, Actor actor) {
            if (act == Act.CREATE && !way.directory() && !way.absent()) {
                return Standing.FREE;
            }
            Standing standing = policy.standing(way, act, actor);
            return standing == Standing.ALLOWED ? Standing.FREE : standing;
        }
    }
}
