// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Whether this process may load and attach BPF programs, asked before anything is tried. */
final class Privileges {
    private static final Path STATUS = Path.of("/proc/self/status");

    /** Numbers of linux/capability.h. */
    private static final int CAP_SYS_ADMIN = 21;
    private static final int CAP_PERFMON = 38;
    private static final int CAP_BPF = 39;

    private Privileges() {}

    /** @throws GarrisonException if capabilities are missing, naming them and the remedy */
    static void check() {
        try {
            check(Files.readAllLines(STATUS));
        } catch (IOException e) {
            throw new GarrisonException("Cannot read " + STATUS + ": " + e.getMessage() + "; mount /proc", e);
        }
    }

    /** @param status the lines of /proc/self/status */
    static void check(List<String> status) {
        long effective = Long.parseUnsignedLong(field(status, "CapEff:"), 16);
        boolean full = (effective >>> CAP_SYS_ADMIN & 1) != 0;
        boolean both = (effective >>> CAP_BPF & 1) != 0 && (effective >>> CAP_PERFMON & 1) != 0;
        if (!full && !both) {
            String uid = field(status, "Uid:").split("\\s+")[0];
            throw new GarrisonException("Not allowed to use BPF: this process (uid " + uid + ") has neither CAP_SYS_ADMIN nor"
                    + " CAP_BPF with CAP_PERFMON; run it as root, or give it these capabilities");
        }
    }

    private static String field(List<String> status, String name) {
        return status.stream().filter(line -> line.startsWith(name)).map(line -> line.substring(name.length()).strip())
                .findFirst().orElseThrow(() -> new GarrisonException(STATUS + " has no line " + name));
    }
}
