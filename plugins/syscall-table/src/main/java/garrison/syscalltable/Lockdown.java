// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How far the kernel keeps root from its memory: with {@code confidentiality} BPF programs may not read it by address. */
enum Lockdown {
    NONE, INTEGRITY, CONFIDENTIALITY;

    /** Why something is not seen. */
    static final String HIDES = "lockdown=confidentiality forbids BPF programs to read kernel memory";

    private static final Path FILE = Path.of("/sys/kernel/security/lockdown");

    /** For example {@code none [integrity] confidentiality}; a kernel without it has none. */
    static Lockdown read() {
        try {
            return of(Files.readString(FILE));
        } catch (IOException e) {
            return NONE; // no such module, or securityfs is not mounted; then loading tells
        }
    }

    static Lockdown of(String text) {
        for (Lockdown each : values()) {
            if (text.contains("[" + each.name().toLowerCase(java.util.Locale.ROOT) + "]")) {
                return each;
            }
        }
        return NONE;
    }

    /** Whether programs that read kernel memory by address are refused. */
    boolean hidesMemory() {
        return this == CONFIDENTIALITY;
    }
}
