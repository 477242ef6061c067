// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import garrison.spi.KernelVersion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** One row of {@link Catalogue}, as it is written. */
final class AttackBuilder {
    private final String name;
    private final Operation operation;
    private final Set<Attack.Trait> traits = EnumSet.noneOf(Attack.Trait.class);
    private Set<Attack.Rule> rules = EnumSet.allOf(Attack.Rule.class);
    private String program;
    private Operation told;
    private Function<Scene, Path> target;
    private Function<Scene, Path> toldOf;
    private Function<Scene, List<Object>> arguments;
    private Effect effect;
    private KernelVersion minimum;
    private String minimumReason = "";
    private final Map<Filesystem.Kind, String> notOn = new EnumMap<>(Filesystem.Kind.class);
    private String setting = "";
    private String unseen = "";
    private Function<Scene, Path> allowed;
    private BiConsumer<Scene, Attacker> before = (scene, attackProgram) -> { };

    AttackBuilder(String name, Operation operation) {
        this.name = name;
        this.operation = operation;
        this.program = name;
        this.told = operation;
        notOn.put(Filesystem.Kind.XFS, "tried there is what the others do not offer");
    }

    /** The attack program's word, where it is not the attack's name. */
    AttackBuilder program(String word) {
        program = word;
        return this;
    }

    /** The object it is aimed at. */
    AttackBuilder on(Function<Scene, Path> object) {
        target = object;
        return this;
    }

    /** The event's word, where it is not the rule's. */
    AttackBuilder told(Operation word) {
        told = word;
        return this;
    }

    /** The event's path, where it is not the object's. */
    AttackBuilder toldOf(Function<Scene, Path> path) {
        toldOf = path;
        return this;
    }

    /** The only rules that are to catch it. */
    AttackBuilder rules(Attack.Rule... only) {
        rules = Set.of(only);
        return this;
    }

    /** The attack program's arguments. */
    AttackBuilder with(Function<Scene, List<Object>> list) {
        arguments = list;
        return this;
    }

    AttackBuilder seen(Effect success) {
        effect = success;
        return this;
    }

    AttackBuilder trait(Attack.Trait trait) {
        traits.add(trait);
        return this;
    }

    /** The kernel that brought what it uses. */
    AttackBuilder since(int major, int minor, String what) {
        minimum = new KernelVersion(major, minor, 0);
        minimumReason = what;
        return this;
    }

    /** Why overlayfs does not offer what it uses. */
    AttackBuilder notOnOverlay(String reason) {
        notOn.put(Filesystem.Kind.OVERLAY, reason);
        return this;
    }

    /** Why no other kind of file system offers what it uses. */
    AttackBuilder only(Filesystem.Kind kind, String reason) {
        notOn.remove(kind);
        EnumSet.complementOf(EnumSet.of(kind)).forEach(other -> notOn.put(other, reason));
        return this;
    }

    /** The setting of file-guard that it takes to be seen. */
    AttackBuilder setting(String hocon) {
        setting = hocon;
        return this;
    }

    /** Why file-guard does not see it. */
    AttackBuilder unseen(String reason) {
        unseen = reason;
        return this;
    }

    /** The program that the rule lets through. */
    AttackBuilder allowing(Function<Scene, Path> program) {
        allowed = program;
        return this;
    }

    /** Prepares the scene further. */
    AttackBuilder before(BiConsumer<Scene, Attacker> step) {
        before = step;
        return this;
    }

    Attack build() {
        return new Attack(name, operation, told, target, toldOf == null ? target : toldOf, rules, this::command, effect,
                traits, minimum, minimumReason, notOn, setting, unseen, allowed, before);
    }

    private List<String> command(Scene scene) {
        List<String> words = new ArrayList<>();
        words.add(program);
        arguments.apply(scene).forEach(argument -> words.add(argument.toString()));
        return words;
    }
}
