// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import garrison.spi.KernelVersion;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * One attack, as declared in {@link Catalogue}.
 *
 * @param name unique; the attack program's word for it, with a suffix where one word serves several attacks
 * @param operation what it is to the object it is aimed at: the word of the rule that catches it
 * @param told the word of the event: what was tried, which for a rename over a file is not what that does to the file
 * @param target the object: what a rule for a single file names
 * @param toldOf the path that the event tells
 * @param rules by which rules it must be caught
 * @param command the attack program's arguments
 * @param effect how its success is seen
 * @param traits what is special about it
 * @param minimum the kernel before which it cannot be tried; null for none
 * @param minimumReason what that kernel brought; empty for none
 * @param notOn the kinds of file system that do not offer what it uses, and why
 * @param setting the setting of file-guard, as HOCON, without which it is not seen; empty when it is seen anyway
 * @param unseen why file-guard does not see it; empty when it does
 * @param allowed the program that the rule lets through all the same; null for none
 * @param before prepares a scene further
 */
public record Attack(String name, Operation operation, Operation told, Function<Scene, Path> target,
        Function<Scene, Path> toldOf, Set<Rule> rules, Function<Scene, List<String>> command, Effect effect,
        Set<Trait> traits, KernelVersion minimum, String minimumReason, Map<Filesystem.Kind, String> notOn, String setting,
        String unseen, Function<Scene, Path> allowed, BiConsumer<Scene, Attacker> before) {
    /** How a policy may name what is attacked. */
    public enum Rule {
        /** The object itself, by its path. */
        OBJECT,
        /** A tree that it lies in. */
        TREE
    }

    /** What a runner must know. */
    public enum Trait {
        /** It holds a descriptor got before the policy came into force. */
        HOLDS,
        /** It needs a copy of the attack program in the guarded folder. */
        PROGRAM,
        /** It leaves a mount that covers part of the scene. */
        MOUNTS,
        /** It may reach a file that the kernel knows no name of: the rules of all trees of the file system apply. */
        NAMELESS,
        /** It reaches all that lies on the file system: all rules for anything there apply. */
        EVERYTHING
    }

    /** Copies the sets. */
    public Attack {
        rules = Set.copyOf(rules);
        notOn = Map.copyOf(notOn);
        traits = traits.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(traits));
    }

    /** Why it cannot be tried there; empty if it can. */
    public Optional<String> impossible(KernelVersion kernel, Filesystem.Kind where) {
        if (minimum != null && kernel.compareTo(minimum) < 0) {
            return Optional.of("kernel " + kernel + " has no " + minimumReason + " (" + minimum + ")");
        }
        return Optional.ofNullable(notOn.get(where));
    }

    /** Prepares a scene for it. */
    public Scene scene(Path root, Attacker attacker) {
        Scene scene = Scene.make(root);
        if (traits.contains(Trait.PROGRAM)) {
            scene.addProgram(attacker.file());
        }
        before.accept(scene, attacker);
        return scene;
    }

    /** What a rule of a kind names. */
    public Path protectedBy(Rule rule, Scene scene) {
        return rule == Rule.TREE ? scene.guarded() : target.apply(scene);
    }

    @Override
    public String toString() {
        return name;
    }
}
