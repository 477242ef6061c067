// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.ConfigurationException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Who may do what a rule refuses to others: an executable, a uid, or an executable run by a uid.
 *
 * @param executable absolute path of the running program (of a script: its interpreter); empty for any
 * @param uid the file system uid, the one that the kernel itself judges file accesses by; empty for any
 * @param error makes an error about its executable
 */
record Subject(Optional<Path> executable, OptionalLong uid, Function<String, ConfigurationException> error) {}
