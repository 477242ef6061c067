// SPDX-License-Identifier: Apache-2.0
package garrison.itests.syscalltable;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.syscalltable.Action;
import garrison.syscalltable.Area;
import garrison.syscalltable.KernelAltered;
import garrison.syscalltable.KernelMemoryAltered;
import garrison.syscalltable.Severity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What a root kit does to a running kernel. Each act is seen to work; none is refused, all are told. What administrators and
 * their tools do raises no alarm.
 */
@Timeout(600)
class KernelAttackTest {
    private static final String DIVERTED = UnseenAttacks.DIVERTED;
    private static final String OWNER = "module " + AttackModule.NAME;
    private static final int PERSONALITY = 135;
    private static final int KTIME_GET_NS = 5;
    private static final long SECOND_MS = 1000;

    private static final Path RESTRICT = Path.of("/proc/sys/kernel/kptr_restrict");

    private static Map<String, String> withoutSymbols;
    private static Instant filterWithoutSymbols;
    private static Watched watched;
    private static AttackModule module;

    @BeforeAll
    static void start() throws IOException {
        module = AttackModule.load();
        UnseenAttacks.run(module);
        // Where the kernel tells no symbols there is nothing to look at, until a reload.
        Files.writeString(RESTRICT, "2");
        watched = Watched.start("");
        withoutSymbols = watched.status().figures();
        filterWithoutSymbols = Instant.now();
        Guest.attacks().run("attach-filter");
        watched.act(Action.SOCKET_FILTER, filterWithoutSymbols, e -> e.comm().equals("attack"));
        Files.writeString(RESTRICT, "0");
        watched.reload();
        System.out.println("syscall-table: " + watched.status().figures() + " " + watched.status().attached());
    }

    @AfterAll
    static void stop() {
        if (watched != null) {
            System.out.println("syscall-table: " + watched.status().figures());
            watched.close();
        }
        module.close();
    }

    private static String personality() {
        return UnseenAttacks.personality();
    }

    private static KernelMemoryAltered attack(String act, Area area) {
        Instant begin = Instant.now();
        module.act(act);
        return watched.memory(act, area, begin, false);
    }

    private static void restore(String act, Area area) {
        Instant begin = Instant.now();
        module.undo(act);
        KernelMemoryAltered back = watched.memory(act + " undone", area, begin, true);
        assertEquals(Severity.NOTICE, back.severity(), back.toString());
    }

    @Test
    void symbolsHidden_theUnseenIsNamed_actsAreTold_andAReloadMakesUpForIt() {
        assertTrue(withoutSymbols.getOrDefault("not seen", "").contains("kernel.kptr_restrict=2"), withoutSymbols.toString());
        assertEquals(1, watched.heard(KernelAltered.class, filterWithoutSymbols, e -> e.action() == Action.SYSCTL_WRITE
                && e.object().equals("kernel/kptr_restrict")).size());
        watched.awaitLook();
        assertFalse(watched.status().figures().containsKey("not seen"), watched.status().figures().toString());
    }

    @Test
    void tableEntry_overwritten_isToldWithItsOwner_andSoIsItsReturn() {
        KernelMemoryAltered told = attack("table", Area.TABLE);
        assertAll(() -> assertEquals(Severity.ALARM, told.severity()), () -> assertEquals(PERSONALITY, told.number()),
                () -> assertEquals("personality", told.name()), () -> assertEquals(OWNER, told.owner()),
                () -> assertTrue(told.leadsTo().startsWith("diverted+0x0/"), told.leadsTo()),
                () -> assertTrue(told.detail().contains("instead of __x64_sys_personality"), told.detail()));
        restore("table", Area.TABLE);
    }

    @Test
    void dispatcher_branchDiverted_isToldWithItsOwner_andSoIsItsReturn() {
        KernelMemoryAltered told = attack("dispatcher", Area.CODE);
        assertEquals(DIVERTED, personality());
        assertAll(() -> assertEquals(Severity.ALARM, told.severity()), () -> assertEquals("x64_sys_call", told.name()),
                () -> assertEquals(OWNER, told.owner()), () -> assertTrue(told.detail().contains("branches to diverted"), told.detail()));
        restore("dispatcher", Area.CODE);
        assertEquals("0", personality());
    }

    @Test
    void entry_callOfTheDispatcherDiverted_isToldWithItsOwner_andSoIsItsReturn() {
        KernelMemoryAltered told = attack("entry", Area.CODE);
        assertEquals(DIVERTED, personality());
        assertAll(() -> assertEquals(Severity.ALARM, told.severity()), () -> assertEquals("do_syscall_64", told.name()),
                () -> assertEquals(OWNER, told.owner()),
                () -> assertTrue(told.detail().contains("branches to diverted_dispatcher"), told.detail()));
        restore("entry", Area.CODE);
        assertEquals("0", personality());
    }

    @Test
    void handler_firstInstructionReplaced_isToldWithItsOwner_andSoIsItsReturn() {
        KernelMemoryAltered told = attack("handler", Area.HANDLER);
        assertEquals(DIVERTED, personality());
        assertAll(() -> assertEquals(Severity.ALARM, told.severity()), () -> assertEquals(PERSONALITY, told.number()),
                () -> assertEquals(OWNER, told.owner()), () -> assertTrue(told.detail().contains("branches to diverted"), told.detail()));
        restore("handler", Area.HANDLER);
    }

    /** The kernel's own patching looks so, too, but not for long. */
    @Test
    void handler_thatLooksAsIfItWereJustPatched_isToldWhenItStaysSo() {
        KernelMemoryAltered told = attack("breakpoint", Area.HANDLER);
        assertAll(() -> assertEquals(Severity.ALARM, told.severity()), () -> assertEquals(PERSONALITY, told.number()),
                () -> assertTrue(told.now().contains("cc01020304"), told.now()));
        restore("breakpoint", Area.HANDLER);
    }

    @Test
    void parameter_writtenPastSysctl_isAnAlarm_writtenBySysctl_isNone() throws IOException {
        Path file = Path.of("/proc/sys/kernel/modprobe");
        String before = Files.readString(file).strip();
        KernelMemoryAltered told = attack("modprobe", Area.PARAMETER);
        assertEquals("/tmp/evil", Files.readString(file).strip());
        assertAll(() -> assertEquals(Severity.ALARM, told.severity()), () -> assertEquals("modprobe_path", told.name()),
                () -> assertEquals(before, told.first()), () -> assertEquals("/tmp/evil", told.now()));
        restore("modprobe", Area.PARAMETER);

        Instant begin = Instant.now();
        Files.writeString(file, "/sbin/other");
        KernelAltered written = watched.act(Action.SYSCTL_WRITE, begin, e -> e.object().equals("kernel/modprobe"));
        KernelMemoryAltered seen = watched.memory("modprobe by sysctl", Area.PARAMETER, begin, false);
        Files.writeString(file, before);
        assertAll(() -> assertEquals(before, written.oldValue()), () -> assertEquals("/sbin/other", written.newValue()),
                () -> assertEquals(ProcessHandle.current().pid(), written.pid()), () -> assertEquals(0, written.euid()),
                () -> assertFalse(written.container().isEmpty()), () -> assertEquals(Severity.NOTICE, seen.severity(), seen.toString()));
        watched.memory("modprobe by sysctl undone", Area.PARAMETER, begin, true);
    }

    @Test
    void operationsOfProcFile_replaced_areToldWithTheirOwner() throws IOException {
        KernelMemoryAltered told = attack("operations", Area.OPERATIONS);
        assertEquals("", Files.readString(Path.of("/proc/net/tcp")), "the attack hides even the heading");
        assertAll(() -> assertEquals(Severity.ALARM, told.severity()), () -> assertEquals("tcp4_seq_ops", told.name()),
                () -> assertEquals(OWNER, told.owner()));
        restore("operations", Area.OPERATIONS);
    }

    @Test
    void moduleThatUnlinksItself_isTold_andSoIsItsReturn() {
        Instant begin = Instant.now();
        module.act("hide");
        assertFalse(Command.run("lsmod").success().contains(AttackModule.NAME));
        KernelAltered told = watched.act(Action.MODULE_HIDDEN, begin, e -> e.object().equals(AttackModule.NAME));
        assertEquals(Severity.ALARM, told.severity());
        begin = Instant.now();
        module.undo("hide");
        watched.act(Action.MODULE_SHOWN, begin, e -> e.object().equals(AttackModule.NAME));
    }

    @Test
    void probesOfModule_areToldWithTheirOwner() {
        Instant begin = Instant.now();
        module.act("kprobe");
        KernelAltered kprobe = watched.act(Action.KPROBE_REGISTER, begin, e -> e.object().startsWith("__x64_sys_personality"));
        module.undo("kprobe");
        watched.act(Action.KPROBE_UNREGISTER, begin, e -> e.object().startsWith("__x64_sys_personality"));
        Instant traced = Instant.now();
        module.act("ftrace");
        KernelAltered ftrace = watched.act(Action.FTRACE_REGISTER, traced, e -> e.owner().equals(OWNER));
        module.undo("ftrace");
        watched.act(Action.FTRACE_UNREGISTER, traced, e -> e.address().equals(ftrace.address()));
        assertAll(() -> assertEquals(OWNER, kprobe.owner()), () -> assertEquals(0, kprobe.result()),
                () -> assertTrue(kprobe.hasResult()), () -> assertEquals(ProcessHandle.current().pid(), kprobe.pid()),
                () -> assertTrue(ftrace.handler().startsWith("traced+0x0/"), ftrace.handler()));
        watched.awaitLook();
        assertEquals(List.of(), watched.alarms(begin));
    }

    @Test
    void probesOfPerf_areTold() {
        Instant begin = Instant.now();
        long kprobe = Guest.attacks().run("perf-kprobe", "__x64_sys_personality").pid();
        long uprobe = Guest.attacks().run("perf-uprobe", Guest.built("attack").toString(), "0x1000").pid();
        watched.act(Action.KPROBE_REGISTER, begin, e -> e.pid() == kprobe && e.object().startsWith("__x64_sys_personality"));
        watched.act(Action.KPROBE_UNREGISTER, begin, e -> e.object().startsWith("__x64_sys_personality"));
        KernelAltered told = watched.act(Action.UPROBE_REGISTER, begin, e -> e.pid() == uprobe);
        watched.act(Action.UPROBE_UNREGISTER, begin, e -> e.id() == told.id());
        assertEquals("1000", told.address());
    }

    @Test
    void module_loadedAndRemoved_isToldWithItsHash_andIsNoAlarm() throws Exception {
        Instant begin = Instant.now();
        AttackModule.insert(AttackModule.BENIGN);
        KernelAltered loaded = watched.act(Action.MODULE_LOAD, begin, e -> e.object().equals(AttackModule.BENIGN));
        AttackModule.remove(AttackModule.BENIGN);
        watched.act(Action.MODULE_UNLOAD, begin, e -> e.object().equals(AttackModule.BENIGN));
        String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256")
                .digest(Files.readAllBytes(AttackModule.file(AttackModule.BENIGN))));
        assertAll(() -> assertEquals(hash, loaded.hash()), () -> assertEquals("insmod", loaded.comm()));
        watched.awaitLook();
        assertEquals(List.of(), watched.alarms(begin));
    }

    @Test
    void bpfProgram_loaded_isToldWithIdHelpersAndResult() {
        Instant begin = Instant.now();
        long good = Guest.attacks().run("load-bpf").pid();
        long bad = Guest.attacks().run("load-bad-bpf").pid();
        KernelAltered told = watched.act(Action.BPF, begin, e -> e.pid() == good);
        KernelAltered refused = watched.act(Action.BPF, begin, e -> e.pid() == bad);
        assertAll(() -> assertEquals("BPF_PROG_LOAD", told.command()), () -> assertEquals("attack", told.object()),
                () -> assertTrue(told.id() > 0, told.toString()), () -> assertTrue(told.result() >= 0),
                () -> assertEquals(List.of(KTIME_GET_NS), told.helpers()), () -> assertEquals("bad", refused.object()),
                () -> assertTrue(refused.hasResult()), () -> assertEquals(-13, refused.result()));
    }

    @Test
    void socketFilter_attached_isTold() {
        Instant begin = Instant.now();
        long pid = Guest.attacks().run("attach-filter").pid();
        assertEquals("SO_ATTACH_FILTER", watched.act(Action.SOCKET_FILTER, begin, e -> e.pid() == pid).command());
    }

    @Test
    void otherProcess_writtenByPtrace_isTold() {
        Instant begin = Instant.now();
        var outcome = Guest.attacks().run("ptrace-poke");
        int child = Integer.parseInt(outcome.output().strip());
        assertEquals(child, watched.act(Action.PTRACE_ACCESS, begin, e -> e.pid() == outcome.pid()).target());
        KernelAltered told = watched.act(Action.PTRACE_ALTER, begin, e -> e.pid() == outcome.pid());
        assertAll(() -> assertEquals(child, told.target()), () -> assertEquals("PTRACE_POKEDATA", told.command()),
                () -> assertEquals(0, told.result()));
    }

    /** Administrators and their tools: as much is told as was done, and none of it is an alarm. */
    @Test
    void ordinaryWork_isTold_andRaisesNoAlarm() {
        Instant begin = Instant.now();
        Path folder = Guest.scratch("ordinary");
        timed("bpftrace", OrdinaryWork::bpftrace);
        timed("perf", OrdinaryWork::perf);
        timed("tracefs", () -> OrdinaryWork.tracefs(() -> {
            timed("module", OrdinaryWork::module);
            timed("executions", OrdinaryWork::executions);
            watched.awaitLook();
        }));
        timed("helpers", () -> OrdinaryWork.helpers(folder));
        watched.awaitLook();
        assertEquals(List.of(), watched.alarms(begin));
        for (String tool : List.of("bpftrace", "perf")) {
            assertFalse(acts(begin, Action.KPROBE_REGISTER, e -> e.comm().equals(tool) && e.object().startsWith(OrdinaryWork.TRACED)).isEmpty(), tool);
        }
        assertAll(() -> assertFalse(acts(begin, Action.BPF, e -> e.comm().equals("bpftrace") && e.command().equals("BPF_PROG_LOAD")
                        && e.result() > 0 && !e.helpers().isEmpty()).isEmpty(), "bpftrace's programs"),
                () -> assertFalse(acts(begin, Action.BPF, e -> e.comm().equals("bpftrace") && e.command().equals("BPF_MAP_CREATE")
                        && e.result() > 0 && e.id() > 0).isEmpty(), "bpftrace's maps"),
                () -> assertFalse(acts(begin, Action.KPROBE_REGISTER, e -> e.pid() == ProcessHandle.current().pid()).isEmpty(), "tracefs"),
                () -> assertFalse(acts(begin, Action.FTRACE_REGISTER, e -> e.owner().equals("kernel")).isEmpty(), "the function tracer"),
                () -> assertEquals(1, acts(begin, Action.MODULE_LOAD, e -> e.object().equals(AttackModule.BENIGN)).size()),
                () -> assertEquals(1, acts(begin, Action.MODULE_UNLOAD, e -> e.object().equals(AttackModule.BENIGN)).size()),
                () -> assertEquals(2, acts(begin, Action.SYSCTL_WRITE, e -> e.object().equals("kernel/core_pattern")).size()));
    }

    private static void timed(String what, Runnable work) {
        Instant begin = Instant.now();
        work.run();
        System.out.println(what + ": " + Duration.between(begin, Instant.now()).toMillis() + " ms");
    }

    private static List<KernelAltered> acts(Instant since, Action action, Predicate<KernelAltered> which) {
        return watched.heard(KernelAltered.class, since, e -> e.action() == action && which.test(e));
    }

    /** The claim: within one second, whether the CPUs rest (then only timers wake them) or all of them are busy. */
    @Test
    void tableEntry_overwritten_isSeenWithinASecond_onAnIdleAndOnABusyMachine() throws IOException {
        List<Long> idle = delays(true);
        List<Process> burners = new ArrayList<>();
        try {
            for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
                burners.add(new ProcessBuilder("/bin/busybox", "sh", "-c", "while :; do :; done").start());
            }
            List<Long> busy = delays(false);
            System.out.println("seen after, in ms: idle " + idle + ", busy " + busy);
            assertAll(() -> assertTrue(median(idle) <= SECOND_MS, "idle: " + idle), () -> assertTrue(median(busy) <= SECOND_MS, "busy: " + busy));
        } finally {
            burners.forEach(Process::destroyForcibly);
        }
    }

    /** Of an alteration and its undoing, twice; in milliseconds, sorted. */
    private static List<Long> delays(boolean resting) {
        List<Long> delays = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            delays.add(delay("table", false, resting));
            delays.add(delay("table-undo", true, resting));
        }
        Collections.sort(delays);
        return delays;
    }

    /** The machine below the guest may rest, too; that is not the plugin's. */
    private static long median(List<Long> sorted) {
        return sorted.get(sorted.size() / 2);
    }

    private static long delay(String act, boolean restored, boolean resting) {
        Instant begin = Instant.now();
        module.act(act);
        if (resting) {
            // Whoever polls keeps a CPU awake.
            LockSupport.parkNanos(Duration.ofMillis(SECOND_MS).toNanos());
        }
        return Duration.between(begin, watched.memory(act, Area.TABLE, begin, restored).time()).toMillis();
    }
}
