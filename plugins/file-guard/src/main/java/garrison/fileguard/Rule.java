// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.ConfigurationException;
import garrison.spi.Mode;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * One rule, checked.
 *
 * @param name unique
 * @param paths objects protected by themselves
 * @param trees directories protected with all below
 * @param operations what is refused; not empty
 * @param allow who may nevertheless
 * @param mode AUDIT reports only, whatever the plugin's mode
 * @param error makes an error about one of its places
 */
record Rule(String name, List<Path> paths, List<Path> trees, Set<Operation> operations, List<Subject> allow, Mode mode,
        Function<String, ConfigurationException> error) {}
