// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.ConfigurationException;
import garrison.spi.Mode;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/**
 * One rule, checked.
 *
 * @param name unique
 * @param paths objects protected by themselves; those that a glob stood for when it was read included
 * @param trees directories protected with all below
 * @param globs what {@code paths} was made of, if of globs
 * @param fileSystems what {@code trees} was made of, if of types of file systems
 * @param eventsPerSecond how many of its events are told; empty for all
 * @param owner whose objects it is about; empty for everyone's
 * @param operations what is refused; not empty
 * @param allow who may nevertheless
 * @param effect AUDIT if {@code mode} is, whatever {@code effect} says
 * @param place file and line
 * @param error makes an error about one of its places
 */
record Rule(String name, List<Path> paths, List<Path> trees, List<String> globs, List<String> fileSystems, OptionalInt eventsPerSecond, OptionalLong owner,
        Set<Operation> operations, List<Subject> allow, Effect effect, String place, Function<String, ConfigurationException> error) {
    /** AUDIT reports only, whatever the plugin's mode. */
    Mode mode() {
        return effect == Effect.AUDIT ? Mode.AUDIT : Mode.ENFORCE;
    }
}
