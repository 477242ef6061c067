// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Something that is told as long as one of some programs can be had: on which of them it rests differs by kernel.
 *
 * @param words what it is, for the status
 * @param programs any one of them will do
 */
record Sense(String words, List<String> programs) {
    private static final List<Sense> ALL = List.of(
            new Sense("bpf() commands", List.of("table_bpf_result")),
            new Sense("what bpf() commands ask for", List.of("table_bpf_3", "table_bpf_4")),
            new Sense("the helpers that BPF programs call", List.of("table_bpf_check")),
            new Sense("ids of BPF links", List.of("table_bpf_link")),
            new Sense("hashes of modules' files", List.of("table_module_file")),
            new Sense("a module's work within one period of its load", List.of("table_module_began")),
            new Sense("kprobes being registered", List.of("table_kprobe_register")),
            new Sense("kprobes being removed", List.of("table_kprobe_unregister")),
            new Sense("kretprobes being removed", List.of("table_kretprobe_unregister")),
            new Sense("kprobes being switched on", List.of("table_kprobe_enable")),
            new Sense("kprobes being switched off", List.of("table_kprobe_disable")),
            new Sense("uprobes being registered", List.of("table_uprobe_register")),
            new Sense("uprobes being removed", List.of("table_uprobe_unregister", "table_uprobe_unregister_nosync")),
            new Sense("memory and registers written by ptrace", List.of("table_ptrace_alter")));

    /**
     * What is not told.
     *
     * @param absent programs that are not there, each with the reason
     * @return {@code WHAT, WHAT: REASON}, one for each reason
     */
    static List<String> unseen(Map<String, String> absent) {
        Map<String, List<String>> byReason = new LinkedHashMap<>();
        for (Sense sense : ALL) {
            if (absent.keySet().containsAll(sense.programs)) {
                Set<String> reasons = new LinkedHashSet<>(sense.programs.stream().map(absent::get).toList());
                byReason.computeIfAbsent(String.join(", ", reasons), _ -> new ArrayList<>()).add(sense.words);
            }
        }
        return byReason.entrySet().stream().map(e -> String.join(", ", e.getValue()) + ": " + e.getKey()).toList();
    }
}
