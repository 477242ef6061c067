// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import java.nio.file.Path;

/** Variables of the kernel by which programs are silenced. The first two are numbers that the BPF code knows. */
enum Switch {
    FTRACE("ftrace_enabled", 4, 1, "/proc/sys/kernel/ftrace_enabled"),
    KPROBES("kprobes_all_disarmed", 1, 0, "/sys/kernel/debug/kprobes/enabled"),
    FTRACE_DISABLED("ftrace_disabled", 4, 0, "");

    private final String symbol;
    private final int size;
    private final int on;
    private final String file;

    Switch(String symbol, int size, int on, String file) {
        this.symbol = symbol;
        this.size = size;
        this.on = on;
        this.file = file;
    }

    String symbol() {
        return symbol;
    }

    /** Bytes. */
    int size() {
        return size;
    }

    /** The value while programs run. */
    int on() {
        return on;
    }

    /** Whether there is a file to write 1 to. */
    boolean canBeRestored() {
        return !file.isEmpty();
    }

    Path file() {
        return Path.of(file);
    }
}
