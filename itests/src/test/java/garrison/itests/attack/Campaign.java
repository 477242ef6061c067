// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import garrison.spi.KernelVersion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Many attacks, each on a scene of its own, under one policy that protects all scenes: so a policy is put in force once and
 * not once an attack. Scenes are made, and what attackers may hold is held, before {@link #run}.
 */
public final class Campaign {
    private record Prepared(Trial trial, Scene scene, boolean seenBefore, AttackProgram.Attempt held) {}

    private final Attacker attacker;
    private final List<Prepared> prepared = new ArrayList<>();

    /**
     * Makes the scenes.
     *
     * @param folder a folder on the file system to be attacked; each campaign needs a new one
     */
    public Campaign(Path folder, List<Trial> trials, Attacker attacker) {
        this.attacker = attacker;
        for (Trial trial : trials) {
            prepared.add(prepare(trial, trial.attack().scene(folder.resolve(trial.name()), attacker)));
        }
    }

    private Prepared prepare(Trial trial, Scene scene) {
        boolean seen = trial.attack().effect().seen(scene, Effect.NOTHING_YET, attacker);
        if (!trial.attack().traits().contains(Attack.Trait.HOLDS)) {
            return new Prepared(trial, scene, seen, null);
        }
        AttackProgram.Attempt held = attacker.start(trial.attack().command().apply(scene));
        held.awaitHeld();
        return new Prepared(trial, scene, seen, held);
    }

    /** The scenes by trial, in order. */
    public Map<Trial, Scene> scenes() {
        Map<Trial, Scene> scenes = new LinkedHashMap<>();
        prepared.forEach(p -> scenes.put(p.trial, p.scene));
        return scenes;
    }

    /** Carries out all attacks, one after the other. */
    public List<Result> run() {
        return prepared.stream().map(this::run).toList();
    }

    private Result run(Prepared p) {
        Attack attack = p.trial.attack();
        Outcome outcome = p.held != null ? p.held.finish() : attacker.run(attack.command().apply(p.scene));
        boolean seen = attack.effect().seen(p.scene, outcome, attacker);
        if (attack.traits().contains(Attack.Trait.MOUNTS)) {
            Filesystem.uncover(p.scene);
        }
        return new Result(p.trial, p.scene, outcome, p.seenBefore, seen);
    }

    /** All trials that can be made here. */
    public static List<Trial> trials(KernelVersion kernel, Filesystem.Kind kind, Predicate<Trial> wanted) {
        return Catalogue.all().stream().filter(attack -> attack.impossible(kernel, kind).isEmpty())
                .flatMap(attack -> Stream.of(Attack.Rule.values()).filter(attack.rules()::contains)
                        .map(rule -> new Trial(attack, rule)))
                .filter(wanted).toList();
    }
}
