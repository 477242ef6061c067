// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import java.nio.file.Path;
import java.util.Locale;

/**
 * One attack on an object that one rule protects.
 *
 * @param attack which
 * @param rule how the policy names what is attacked
 */
public record Trial(Attack attack, Attack.Rule rule) {
    /** Unique: the name of the rule in a policy of many, and of the scene's folder. */
    public String name() {
        return attack.name() + "." + rule.name().toLowerCase(Locale.ROOT);
    }

    /** What the rule names. */
    public Path guarded(Scene scene) {
        return attack.protectedBy(rule, scene);
    }

    @Override
    public String toString() {
        return name();
    }
}
