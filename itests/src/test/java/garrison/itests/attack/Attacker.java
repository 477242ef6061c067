// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import java.nio.file.Path;
import java.util.List;

/** Somebody who carries out attacks, each in a process of its own, by one executable. */
public interface Attacker {
    /** The executable that does it. */
    Path file();

    /**
     * Carries out one attack to its end.
     *
     * @param arguments those of the attack program
     * @throws IllegalStateException if the attempt could not even be made
     */
    Outcome run(List<String> arguments);

    /** Carries out one attack to its end. */
    default Outcome run(String... arguments) {
        return run(List.of(arguments));
    }

    /** Begins an attack that holds something first: it goes on with {@link AttackProgram.Attempt#finish}. */
    AttackProgram.Attempt start(List<String> arguments);
}
