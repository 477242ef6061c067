// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.Status.AttachedProgram;
import garrison.framework.truth.Mechanism;
import garrison.framework.truth.Witness;
import garrison.framework.truth.Witness.Runs;
import garrison.spi.ActualMode;
import garrison.spi.Mode;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class EnforcementTest {
    private static final AttachedProgram OPEN = new AttachedProgram("guard_open", "lsm", "file_open", "lsm", 1);
    private static final AttachedProgram SLEEPS = new AttachedProgram("guard_unlink", "lsm", "inode_unlink", "lsm.s", 2);
    private static final AttachedProgram MKDIR = new AttachedProgram("guard_mkdir", "lsm", "inode_mkdir", "fmod_ret/security_inode_mkdir", 3);
    private static final AttachedProgram TRACED = new AttachedProgram("guard_exec", "tp", "sched/sched_process_exec",
            "tp/sched/sched_process_exec", 4);

    private final Map<Mechanism, Witness> witnesses = new EnumMap<>(Mechanism.class);

    private void seen(Mechanism mechanism, Runs runs) {
        witnesses.put(mechanism, new Witness(mechanism, runs, Instant.EPOCH, null, runs == Runs.YES ? "" : mechanism + " says why"));
    }

    private Enforcement of(Mode mode, Map<String, String> unserved, AttachedProgram... attached) {
        return Enforcement.of(mode, List.of(attached), unserved, m -> Optional.ofNullable(witnesses.get(m)));
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void allRun_isAsRequested(Mode mode) {
        seen(Mechanism.LSM, Runs.YES);
        Enforcement all = of(mode, Map.of(), OPEN, SLEEPS, MKDIR, TRACED);
        assertEquals(Enforcement.asRequested(mode), all);
        assertEquals(mode.name(), all.actual().name());
        assertTrue(all.isAsRequested());
    }

    @Test
    void nothingAttached_lacksNothing() {
        seen(Mechanism.LSM, Runs.NO);
        assertEquals(ActualMode.ENFORCE, of(Mode.ENFORCE, Map.of()).actual());
    }

    @Test
    void allSilent_isNone_withEachHookAndTheReasonOnce() {
        seen(Mechanism.LSM, Runs.NO);
        assertEquals(new Enforcement(ActualMode.NONE, List.of("file_open", "inode_unlink"), "LSM says why"),
                of(Mode.ENFORCE, Map.of(), OPEN, SLEEPS));
    }

    @Test
    void someSilent_isPartial_withTheHooksThatAre() {
        seen(Mechanism.LSM, Runs.NO);
        seen(Mechanism.TRAMPOLINE, Runs.YES);
        assertEquals(new Enforcement(ActualMode.PARTIAL, List.of("file_open"), "LSM says why"), of(Mode.ENFORCE, Map.of(), OPEN, MKDIR));
    }

    /** A tracepoint cannot be switched off so: with it, not all is silent. */
    @Test
    void programWithoutAWitness_countsAsRunning() {
        seen(Mechanism.LSM, Runs.NO);
        assertEquals(ActualMode.PARTIAL, of(Mode.AUDIT, Map.of(), OPEN, TRACED).actual());
        assertEquals(ActualMode.AUDIT, of(Mode.AUDIT, Map.of(), TRACED).actual());
    }

    @Test
    void unservedHook_isPartial_evenWhereAllTheOthersRun() {
        seen(Mechanism.LSM, Runs.YES);
        assertEquals(new Enforcement(ActualMode.PARTIAL, List.of("inode_link"), "inode_link: no place"),
                of(Mode.ENFORCE, Map.of("inode_link", "no place"), OPEN));
    }

    @Test
    void unservedAndSilent_hooksAreNamedOnce() {
        seen(Mechanism.LSM, Runs.NO);
        seen(Mechanism.TRAMPOLINE, Runs.YES);
        Map<String, String> unserved = new LinkedHashMap<>();
        unserved.put("inode_link", "no place");
        unserved.put("file_open", "its second program has no place");
        Enforcement partial = of(Mode.ENFORCE, unserved, OPEN, MKDIR);
        assertEquals(List.of("inode_link", "file_open"), partial.hooks());
        assertEquals("inode_link: no place; file_open: its second program has no place; LSM says why", partial.reason());
    }

    @Test
    void unknown_isUnknown_unlessSomethingIsKnownToBeMissing() {
        seen(Mechanism.LSM, Runs.UNKNOWN);
        seen(Mechanism.TRAMPOLINE, Runs.NO);
        assertEquals(ActualMode.UNKNOWN, of(Mode.ENFORCE, Map.of(), OPEN).actual());
        assertEquals(List.of(), of(Mode.ENFORCE, Map.of(), OPEN).hooks());
        assertEquals(ActualMode.PARTIAL, of(Mode.ENFORCE, Map.of(), OPEN, MKDIR).actual());
    }

    @ParameterizedTest
    @CsvSource({"lsm,LSM", "lsm.s,LSM", "fmod_ret/security_file_open,TRAMPOLINE", "fentry.s/do_exit,TRAMPOLINE", "kprobe/do_exit,KPROBE",
        "kretprobe/do_exit,KPROBE", "kprobe/do_exit+5,", "tp/sched/sched_switch,", "iter/task,", "'',"})
    void mechanism_isReadFromTheStrategy(String strategy, Mechanism expected) {
        assertEquals(Optional.ofNullable(expected), Enforcement.mechanism(strategy));
    }

    @Test
    void differsFrom_whatIsWorthTelling() {
        Enforcement good = Enforcement.asRequested(Mode.ENFORCE);
        Enforcement none = new Enforcement(ActualMode.NONE, List.of("file_open"), "ftrace");
        Enforcement sameElseWhy = new Enforcement(ActualMode.NONE, List.of("file_open"), "kprobes");
        Enforcement fewer = new Enforcement(ActualMode.PARTIAL, List.of("file_open"), "ftrace");
        Enforcement otherHook = new Enforcement(ActualMode.NONE, List.of("inode_link"), "ftrace");
        assertTrue(none.differsFrom(good));
        assertTrue(good.differsFrom(none));
        assertTrue(fewer.differsFrom(none));
        assertTrue(otherHook.differsFrom(none));
        assertFalse(sameElseWhy.differsFrom(none), "only the words changed");
        assertFalse(good.differsFrom(Enforcement.asRequested(Mode.AUDIT)), "the mode was changed on purpose");
    }
}
