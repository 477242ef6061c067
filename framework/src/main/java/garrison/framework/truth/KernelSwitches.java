// SPDX-License-Identifier: Apache-2.0
package garrison.framework.truth;

import garrison.spi.Answer;
import garrison.spi.KernelFeatures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The kernel's own switches for trampolines and kprobes: why a mechanism is silent, and how it comes back. */
final class KernelSwitches {
    private static final String FTRACE = "kernel.ftrace_enabled";

    private final KernelFeatures kernel;
    private final Path ftrace;
    private final Path kprobes;

    KernelSwitches(KernelFeatures kernel) {
        this(kernel, Path.of("/proc/sys/kernel/ftrace_enabled"), Path.of("/sys/kernel/debug/kprobes/enabled"));
    }

    KernelSwitches(KernelFeatures kernel, Path ftrace, Path kprobes) {
        this.kernel = kernel;
        this.ftrace = ftrace;
        this.kprobes = kprobes;
    }

    /**
     * Why no program is run.
     *
     * @param trampolinesRun whether other trampolines do; false when unknown
     */
    String reason(Mechanism mechanism, boolean trampolinesRun) {
        if (isOff(ftrace)) {
            return FTRACE + " is 0: no LSM, fmod_ret, fentry or fexit program runs, and no kprobe at a function's entry; "
                    + "sysctl " + FTRACE + "=1 switches them on";
        }
        if (mechanism == Mechanism.KPROBE && isOff(kprobes)) {
            return kprobes + " is 0: no kprobe runs; write 1 to it";
        }
        if (mechanism == Mechanism.LSM && kernel.bpfLsm() instanceof Answer.No(String reason, String remedy)) {
            return reason + (remedy.isEmpty() ? "" : "; " + remedy);
        }
        return mechanism == Mechanism.LSM && trampolinesRun
                ? "LSM programs are not run although other trampolines are: boot with bpf in lsm=, and look for another BPF"
                        + " LSM program that decides prctl (bpftool prog)"
                : "the kernel runs no " + mechanism.word() + " program, and its switches do not say why; see dmesg for a failure"
                        + " of ftrace";
    }

    /**
     * Switches on what is off.
     *
     * @return what was done, or what could not be; empty if nothing was off
     */
    Optional<String> restore(Mechanism mechanism) {
        Path off = isOff(ftrace) ? ftrace : mechanism == Mechanism.KPROBE && isOff(kprobes) ? kprobes : null;
        if (off == null) {
            return Optional.empty();
        }
        try {
            Files.writeString(off, "1");
            return Optional.of("Garrison wrote 1 to " + off);
        } catch (IOException e) {
            return Optional.of("Garrison could not write 1 to " + off + ": " + e.getMessage());
        }
    }

    /** A file that is not there, or not readable, switches nothing off as far as we can tell. */
    private static boolean isOff(Path file) {
        try {
            return Files.readString(file).strip().equals("0");
        } catch (IOException e) {
            return false;
        }
    }
}
