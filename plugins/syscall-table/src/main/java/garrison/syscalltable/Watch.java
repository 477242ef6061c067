// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import garrison.spi.Settings;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * What the configuration says, checked.
 *
 * @param period between two looks at kernel memory
 * @param told which acts are told
 * @param elements whether map elements are acts, too
 * @param reads whether reading a kernel parameter is one, too
 */
record Watch(Duration period, Set<Subject> told, boolean elements, boolean reads) {
    /** Kinds of acts, each with programs of its own. */
    enum Subject {
        BPF, SOCKET_FILTERS, MODULES, PROBES, PTRACE, SYSCTL
    }

    /**
     * Reads the plugin's settings.
     *
     * @throws garrison.spi.ConfigurationException with place and remedy
     */
    static Watch read(Settings settings) {
        Duration period = settings.duration("period", Duration.ofMillis(50), Duration.ofMinutes(1), Duration.ofMillis(500));
        EnumSet<Subject> told = EnumSet.noneOf(Subject.class);
        told.addAll(settings.choices("tell", Subject.class));
        return new Watch(period, told, settings.bool("bpf-elements", false), settings.bool("sysctl-reads", false));
    }
}
