// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import static java.util.Map.entry;

import garrison.spi.KernelFeatures;
import garrison.spi.LsmHook;
import garrison.spi.ObjectSetup;
import garrison.spi.ProgramInfo;
import garrison.syscalltable.Watch.Subject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Which of the object's programs this kernel takes, and which a configuration needs. */
final class Programs {
    /** Those that look at kernel memory. */
    private static final Set<String> LOOKS = Set.of("table_clock", "table_find", "table_describe", "table_read", "table_lock", "table_start");
    private static final Map<String, Subject> SUBJECTS = Map.ofEntries(
            entry("table_bpf_3", Subject.BPF), entry("table_bpf_4", Subject.BPF), entry("table_bpf_prog", Subject.BPF),
            entry("table_bpf_map", Subject.BPF), entry("table_bpf_link", Subject.BPF), entry("table_bpf_check", Subject.BPF),
            entry("table_bpf_result", Subject.BPF), entry("table_setsockopt", Subject.SOCKET_FILTERS),
            entry("table_module_file", Subject.MODULES), entry("table_module_load", Subject.MODULES),
            entry("table_module_began", Subject.MODULES), entry("table_module_free", Subject.MODULES),
            entry("table_kprobe_register", Subject.PROBES), entry("table_kprobe_unregister", Subject.PROBES),
            entry("table_kretprobe_unregister", Subject.PROBES), entry("table_kprobe_enable", Subject.PROBES),
            entry("table_kprobe_disable", Subject.PROBES), entry("table_uprobe_register", Subject.PROBES),
            entry("table_uprobe_unregister", Subject.PROBES), entry("table_uprobe_unregister_nosync", Subject.PROBES),
            entry("table_ptrace_access", Subject.PTRACE), entry("table_ptrace_traceme", Subject.PTRACE),
            entry("table_ptrace_alter", Subject.PTRACE), entry("table_sysctl", Subject.SYSCTL));
    /** Of the others, those that read kernel memory by address, which lockdown=confidentiality refuses, too. */
    private static final Set<String> READERS = Set.of("table_bpf_check");

    private final boolean memoryHidden;
    private final Map<String, String> absent = new HashMap<>();

    Programs(boolean memoryHidden) {
        this.memoryHidden = memoryHidden;
    }

    /** Has loaded what the kernel has a place for, and nothing that it would refuse. */
    void choose(ObjectSetup object, KernelFeatures kernel) {
        for (ProgramInfo program : object.programs()) {
            if (!program.optional()) {
                continue;
            }
            boolean hidden = memoryHidden && (LOOKS.contains(program.name()) || READERS.contains(program.name()));
            boolean here = isPlaced(program, kernel);
            object.load(program.name(), here && !hidden);
            if (!here) {
                absent.put(program.name(), "this kernel has no " + program.target());
            } else if (hidden) {
                absent.put(program.name(), Lockdown.HIDES);
            }
        }
    }

    private static boolean isPlaced(ProgramInfo program, KernelFeatures kernel) {
        return switch (program.kind()) {
            case "fentry", "fexit", "kprobe" -> kernel.function(program.target()).yes();
            case "lsm" -> kernel.lsmHook(program.target()).filter(hook -> fits(program, hook)).isPresent();
            default -> true;
        };
    }

    private static boolean fits(ProgramInfo program, LsmHook hook) {
        return !program.target().equals("bpf") || program.name().endsWith("_" + hook.arguments().size());
    }

    /** Names of those to attach. */
    Set<String> attached(List<ProgramInfo> loaded, Watch watch) {
        return loaded.stream().map(ProgramInfo::name)
                .filter(name -> name.equals("table_clock") || SUBJECTS.containsKey(name) && watch.told().contains(SUBJECTS.get(name)))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Which acts are not told, each with the reason: this kernel lacks the place, or forbids to look. */
    List<String> unseen() {
        return Sense.unseen(absent);
    }
}
