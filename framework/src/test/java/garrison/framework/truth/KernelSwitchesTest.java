// SPDX-License-Identifier: Apache-2.0
package garrison.framework.truth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.btf.BtfBuilder;
import garrison.framework.kernel.BuiltKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The words for what the switches say, and what is written to them. That the kernel obeys is for the tests in guests. */
class KernelSwitchesTest {
    private static final String WITH_BPF = "capability,landlock,bpf";

    @TempDir
    Path folder;

    private Path ftrace;
    private Path kprobes;

    @BeforeEach
    void on() throws IOException {
        ftrace = Files.writeString(folder.resolve("ftrace_enabled"), "1\n");
        kprobes = Files.writeString(folder.resolve("kprobes_enabled"), "1\n");
    }

    private KernelSwitches switches(String lsms) throws IOException {
        return new KernelSwitches(BuiltKernel.of(folder, "6.12.107", new BtfBuilder(), lsms), ftrace, kprobes);
    }

    @ParameterizedTest
    @EnumSource(Mechanism.class)
    void ftraceOff_isTheReasonForAll_andIsSwitchedOn(Mechanism mechanism) throws IOException {
        Files.writeString(ftrace, "0\n");
        KernelSwitches switches = switches("capability");
        assertTrue(switches.reason(mechanism, false).contains("sysctl kernel.ftrace_enabled=1"), switches.reason(mechanism, false));
        assertEquals(Optional.of("Garrison wrote 1 to " + ftrace), switches.restore(mechanism));
        assertEquals("1", Files.readString(ftrace).strip());
        assertEquals(Optional.empty(), switches.restore(mechanism), "once is enough");
    }

    @Test
    void kprobesOff_isTheReasonForKprobesOnly() throws IOException {
        Files.writeString(kprobes, "0\n");
        KernelSwitches switches = switches(WITH_BPF);
        assertEquals(Optional.empty(), switches.restore(Mechanism.LSM));
        assertEquals(Optional.empty(), switches.restore(Mechanism.TRAMPOLINE));
        assertEquals("0", Files.readString(kprobes).strip());
        assertTrue(switches.reason(Mechanism.TRAMPOLINE, false).contains("its switches do not say why"));
        assertTrue(switches.reason(Mechanism.KPROBE, true).startsWith(kprobes + " is 0"));
        assertEquals(Optional.of("Garrison wrote 1 to " + kprobes), switches.restore(Mechanism.KPROBE));
        assertEquals("1", Files.readString(kprobes).strip());
    }

    /** One write at a time: the next beat shows whether it was enough. */
    @Test
    void bothOff_ftraceComesFirst() throws IOException {
        Files.writeString(ftrace, "0");
        Files.writeString(kprobes, "0");
        KernelSwitches switches = switches(WITH_BPF);
        assertTrue(switches.restore(Mechanism.KPROBE).orElseThrow().endsWith(ftrace.toString()));
        assertTrue(switches.restore(Mechanism.KPROBE).orElseThrow().endsWith(kprobes.toString()));
        assertEquals(Optional.empty(), switches.restore(Mechanism.KPROBE));
    }

    @Test
    void bpfNotAmongTheModules_isTheReasonForLsmOnly_withTheBootParameter() throws IOException {
        KernelSwitches switches = switches("capability,landlock");
        assertTrue(switches.reason(Mechanism.LSM, true).contains("lsm=capability,landlock,bpf"), switches.reason(Mechanism.LSM, true));
        assertTrue(switches.reason(Mechanism.TRAMPOLINE, false).contains("no trampoline program"));
        assertEquals(Optional.empty(), switches.restore(Mechanism.LSM), "nothing that can be written brings it back");
    }

    @Test
    void switchesOn_theReasonSaysWhatIsLeft() throws IOException {
        KernelSwitches switches = switches(WITH_BPF);
        assertTrue(switches.reason(Mechanism.LSM, true).contains("another BPF LSM program"), switches.reason(Mechanism.LSM, true));
        assertTrue(switches.reason(Mechanism.LSM, false).contains("no lsm program"), switches.reason(Mechanism.LSM, false));
        assertTrue(switches.reason(Mechanism.KPROBE, true).contains("no kprobe program"));
    }

    @Test
    void fileThatIsNotThere_switchesNothingOff() throws IOException {
        ftrace = folder.resolve("none");
        kprobes = folder.resolve("none");
        assertEquals(Optional.empty(), switches(WITH_BPF).restore(Mechanism.KPROBE));
    }

    /** A file of sysfs that says 0 and that not even root may write. */
    @Test
    void switchThatCannotBeWritten_isTold() throws IOException {
        ftrace = Path.of("/sys/devices/system/cpu/cpu0/topology/physical_package_id");
        String told = switches(WITH_BPF).restore(Mechanism.LSM).orElseThrow();
        assertTrue(told.startsWith("Garrison could not write 1 to " + ftrace + ": "), told);
    }
}
