// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The process that runs the plugin, as the kernel tells it from any other, one that gets its number later too.
 *
 * @param pid in this process's pid namespace, which must be the initial one
 * @param began clock ticks since boot
 */
record OwnProcess(long pid, long began) {
    /** Of those after the name in /proc/PID/stat, which stands in parentheses and may hold anything. */
    private static final int BEGAN = 19;

    static final String NO_AGENTS = "-XX:+DisableAttachMechanism";

    /** Whether it was started so that nobody can have it load an agent. */
    static boolean refusesAgents() {
        return ProcessHandle.current().info().arguments().filter(words -> List.of(words).contains(NO_AGENTS)).isPresent();
    }

    static OwnProcess now() {
        try {
            String stat = Files.readString(Path.of("/proc/self/stat"), StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return new OwnProcess(ProcessHandle.current().pid(), Long.parseLong(fields[BEGAN]));
        } catch (IOException e) {
            throw new GarrisonException("trusted-bpf: cannot read /proc/self/stat, by which its own process is known: " + e, e);
        }
    }
}
