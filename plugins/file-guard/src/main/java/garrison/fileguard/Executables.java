// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;

/** Which files can be a running program. */
final class Executables {
    private Executables() {}

    /** Why no process ever runs this file; empty if one can, or if this user may not know. */
    static Optional<String> problem(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                return Optional.of(file + ", which is no regular file and never runs");
            }
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            if (!permissions.contains(PosixFilePermission.OWNER_EXECUTE) && !permissions.contains(PosixFilePermission.GROUP_EXECUTE)
                    && !permissions.contains(PosixFilePermission.OTHERS_EXECUTE)) {
                return Optional.of(file + ", which nobody may execute");
            }
            try (InputStream in = Files.newInputStream(file)) {
                return in.read() == '#' && in.read() == '!'
                        ? Optional.of(file + ", a script: what runs is its interpreter, with any script") : Optional.empty();
            }
        } catch (IOException e) {
            // Not readable by this user: nothing is known against it.
            return Optional.empty();
        }
    }
}
