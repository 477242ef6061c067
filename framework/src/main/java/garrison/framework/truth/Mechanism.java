// SPDX-License-Identifier: Apache-2.0
package garrison.framework.truth;

import java.util.Locale;
import java.util.Optional;

/** The kernel's ways to run a program at a hook that can be switched off while all looks attached. */
public enum Mechanism {
    /** {@code lsm}: needs bpf among the active security modules, and trampolines. */
    LSM,
    /** {@code fmod_ret}, {@code fentry}, {@code fexit}: needs {@code kernel.ftrace_enabled}. */
    TRAMPOLINE,
    /** {@code kprobe}, {@code kretprobe} at a function's entry: needs that, and {@code kprobes/enabled} of debugfs. */
    KPROBE;

    /** The word in events and in the status. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * What a program depends on.
     *
     * @param kind the first part of a section, or of a strategy: {@code lsm}, {@code fmod_ret}, …
     * @param target the second part
     * @return empty for what cannot be switched off so (tracepoints, iterators, …) or has no witness (kprobes at an offset, or
     *     at a place that a plugin chooses)
     */
    public static Optional<Mechanism> of(String kind, String target) {
        return switch (kind) {
            case "lsm" -> Optional.of(LSM);
            case "fmod_ret", "fentry", "fexit" -> Optional.of(TRAMPOLINE);
            case "kprobe", "kretprobe" -> target.isEmpty() || target.indexOf('+') >= 0 ? Optional.empty() : Optional.of(KPROBE);
            default -> Optional.empty();
        };
    }
}
