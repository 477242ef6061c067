// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The way in for an operator whom the gate has locked out: the kernel is booted with {@value #PARAMETER} on its command line, and the
 * gate tells all and refuses nothing until the next boot. Who can do that sits before the machine, or owns its boot loader.
 */
final class BreakGlass {
    static final String PARAMETER = "garrison.trust=off";
    private static final Path COMMAND_LINE = Path.of("/proc/cmdline");

    private BreakGlass() {}

    /** Whether this kernel was booted with it. What somebody mounted over the kernel's own file counts for nothing. */
    static boolean broken() {
        try {
            boolean kernels = Files.getAttribute(COMMAND_LINE, "unix:dev").equals(Files.getAttribute(Path.of("/proc/stat"), "unix:dev"));
            return kernels && broken(Files.readString(COMMAND_LINE, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new GarrisonException("trusted-bpf: cannot read " + COMMAND_LINE + ", where " + PARAMETER + " would be: " + e
                    + "; mount proc", e);
        }
    }

    static boolean broken(String commandLine) {
        return List.of(commandLine.strip().split("\\s+")).contains(PARAMETER);
    }
}
