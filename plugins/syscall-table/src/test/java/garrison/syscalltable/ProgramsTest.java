// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.object.BpfSpec;
import garrison.spi.Answer;
import garrison.spi.KernelFeatures;
import garrison.spi.KernelVersion;
import garrison.spi.LsmHook;
import garrison.spi.ObjectSetup;
import garrison.spi.ProgramInfo;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Which programs are loaded, and what the status then says; for kernels that no distribution builds. */
class ProgramsTest {
    private static final List<ProgramInfo> ALL =
            BpfSpec.parse("syscall_table.bpf.o", new SyscallTable().objects().getFirst().read()).programs();

    @Test
    void noProgram_needsKprobes() {
        assertEquals(List.of(), ALL.stream().filter(p -> p.kind().contains("probe")).toList());
    }

    @Test
    void kernelWithoutKprobes_loadsTheRest_andNamesWhatIsNotTold() {
        Programs programs = new Programs(false);
        Set<String> loaded = choose(programs, function -> !function.contains("kprobe") && !function.contains("kretprobe"));
        assertEquals(List.of("kprobes being registered: this kernel has no register_kprobe",
                "kprobes being removed: this kernel has no unregister_kprobe",
                "kretprobes being removed: this kernel has no unregister_kretprobe",
                "kprobes being switched on: this kernel has no enable_kprobe",
                "kprobes being switched off: this kernel has no disable_kprobe"), programs.unseen());
        assertTrue(loaded.containsAll(Set.of("table_clock", "table_start", "table_bpf_check", "table_bpf_3", "table_uprobe_register",
                "table_ptrace_alter")), loaded.toString());
        assertFalse(loaded.stream().anyMatch(p -> p.contains("kprobe")), loaded.toString());
    }

    @Test
    void oneVariantOfTwo_isEnough() {
        Programs programs = new Programs(false);
        Set<String> loaded = choose(programs, function -> !function.equals("uprobe_unregister"));
        assertEquals(List.of(), programs.unseen());
        assertTrue(loaded.contains("table_uprobe_unregister_nosync"), loaded.toString());
    }

    @Test
    void lockdown_takesOnlyWhatReadsMemory() {
        Programs programs = new Programs(true);
        Set<String> loaded = choose(programs, _ -> true);
        assertEquals(List.of("the helpers that BPF programs call: " + Lockdown.HIDES), programs.unseen());
        assertTrue(loaded.contains("table_kprobe_register"), loaded.toString());
        assertFalse(loaded.contains("table_lock"), loaded.toString());
    }

    private static Set<String> choose(Programs programs, Predicate<String> functions) {
        Choice choice = new Choice(new HashSet<>());
        programs.choose(choice, new Kernel(functions));
        return choice.loaded;
    }

    private record Choice(Set<String> loaded) implements ObjectSetup {
        @Override
        public List<ProgramInfo> programs() {
            return ALL;
        }

        @Override
        public void load(String program, boolean load) {
            if (load) {
                loaded.add(program);
            }
        }

        @Override
        public void constant(String variable, long value) {
            throw new UnsupportedOperationException(variable);
        }

        @Override
        public void maxEntries(String map, int entries) {
            throw new UnsupportedOperationException(map);
        }

        @Override
        public void keep(String map) {
            throw new UnsupportedOperationException(map);
        }
    }

    private record Kernel(Predicate<String> functions) implements KernelFeatures {
        @Override
        public String release() {
            return "6.1.0";
        }

        @Override
        public KernelVersion version() {
            return KernelVersion.parse(release());
        }

        @Override
        public Optional<LsmHook> lsmHook(String name) {
            return Optional.of(new LsmHook(name, List.of("int", "union bpf_attr *", "unsigned int"), true));
        }

        @Override
        public Answer function(String name) {
            return functions.test(name) ? new Answer.Yes() : new Answer.No("not there", "");
        }

        @Override
        public Answer struct(String name) {
            return new Answer.Yes();
        }

        @Override
        public Optional<Map<String, Long>> enumeration(String name) {
            return Optional.empty();
        }

        @Override
        public List<String> activeLsms() {
            return List.of("bpf");
        }

        @Override
        public Answer bpfLsm() {
            return new Answer.Yes();
        }

        @Override
        public Answer programSignatures() {
            return new Answer.No("it is 6.1", "");
        }
    }
}
