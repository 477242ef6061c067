// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.btf.BtfBuilder;
import garrison.framework.kernel.BuiltKernel;
import garrison.framework.kernel.RunningKernel;
import garrison.framework.object.BpfSpec;
import garrison.spi.ProgramInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a kernel whose types say the same of a hook and its function, or not. */
class HookPlanTest {
    private static final String SAME = "lsm/file_open";
    private static final String VOID = "lsm/task_free";
    private static final String MORE_ARGUMENTS = "lsm/inode_setattr";

    @TempDir
    Path folder;

    private RunningKernel kernel;

    @BeforeEach
    void build() throws IOException {
        BtfBuilder types = new BtfBuilder();
        int number = types.integer();
        int file = types.pointerTo("file");
        int dentry = types.pointerTo("dentry");
        int task = types.pointerTo("task_struct");
        types.function("bpf_lsm_file_open", number, file);
        types.function("security_file_open", number, file);
        types.function("bpf_lsm_task_free", 0, task);
        types.function("security_task_free", 0, task);
        types.function("bpf_lsm_inode_setattr", number, dentry);
        types.function("security_inode_setattr", number, file, dentry);
        types.function("bpf_lsm_userns_create", number, task);
        types.function("security_create_user_ns", number, task);
        types.function("bpf_lsm_file_free_security", 0, file);
        types.function("security_file_free", 0, file);
        types.function("bpf_lsm_quotactl", number, file);
        kernel = BuiltKernel.of(folder, "6.12.107", types, "capability,landlock");
    }

    /** Named after its section, which {@code ?} makes optional and {@code .s} sleepable. */
    private static ProgramInfo program(String section) {
        String plain = section.startsWith("?") ? section.substring(1) : section;
        String kind = plain.substring(0, plain.indexOf('/'));
        return new ProgramInfo(section, section, kind.replace(".s", ""), plain.substring(plain.indexOf('/') + 1), kind.endsWith(".s"),
                section.startsWith("?"));
    }

    private static BpfSpec object(String... sections) {
        return new BpfSpec("planned.bpf.o", "GPL", Arrays.stream(sections).map(HookPlanTest::program).toList(), List.of(), List.of(),
                List.of(), new BtfBuilder().parse());
    }

    private HookPlan without(String... sections) {
        return HookPlan.of(object(sections), Arrays.stream(sections).filter(s -> !s.startsWith("?")).collect(Collectors.toSet()), kernel,
                false);
    }

    @Test
    void lsmRuns_allGoWhereTheirSectionsSay() {
        String[] sections = {SAME, MORE_ARGUMENTS, "lsm.s/quotactl", "kprobe/do_exit"};
        HookPlan plan = HookPlan.of(object(sections), Set.of(sections), kernel, true);
        for (String section : sections) {
            assertEquals(new Strategy.Declared(), plan.of(section), section);
        }
    }

    @Test
    void programsOfOtherKinds_stayWhereTheyAre() {
        assertEquals(new Strategy.Declared(), without("fentry/security_file_open").of("fentry/security_file_open"));
    }

    @Test
    void programNotWanted_isInNoPlan_andAsDeclared() {
        HookPlan plan = HookPlan.of(object(SAME, VOID), Set.of(VOID), kernel, false);
        assertEquals(Set.of(VOID), plan.places().keySet());
        assertEquals(new Strategy.Declared(), plan.of(SAME));
        assertEquals(new Strategy.Declared(), HookPlan.declared().of(SAME));
    }

    @Test
    void sameArguments_goesToTheFunction_withItsVerdictIfThereIsOne() {
        HookPlan plan = without(SAME, VOID);
        assertEquals(new Strategy.Elsewhere("fmod_ret", "security_file_open"), plan.of(SAME));
        assertEquals(new Strategy.Elsewhere("fentry", "security_task_free"), plan.of(VOID));
        assertAll(() -> assertEquals("fmod_ret/security_file_open", plan.of(SAME).words(program(SAME))),
                () -> assertEquals("fmod_ret", plan.of(SAME).kind(program(SAME))),
                () -> assertEquals("security_file_open", plan.of(SAME).target(program(SAME))));
    }

    @Test
    void functionNamedOtherwise_isFound() {
        HookPlan plan = without("lsm/userns_create", "lsm/file_free_security");
        assertEquals(new Strategy.Elsewhere("fmod_ret", "security_create_user_ns"), plan.of("lsm/userns_create"));
        assertEquals(new Strategy.Elsewhere("fentry", "security_file_free"), plan.of("lsm/file_free_security"));
    }

    @Test
    void otherArguments_aStandInTakesThePlace_andNoOtherProgramDoes() {
        String standIn = "?fmod_ret/security_inode_setattr";
        HookPlan plan = without(MORE_ARGUMENTS, standIn, SAME);
        assertEquals(new Strategy.StandIn(program(standIn)), plan.of(MORE_ARGUMENTS));
        assertEquals("fmod_ret/security_inode_setattr", plan.of(MORE_ARGUMENTS).words(program(MORE_ARGUMENTS)));
        assertTrue(plan.isStandIn(program(standIn)));
        assertFalse(plan.isStandIn(program(SAME)));
    }

    @Test
    void severalStandIns_theOneThatCanDenyIsTaken() {
        HookPlan plan = without("?kprobe/security_inode_setattr", "?fentry/security_inode_setattr", "?fmod_ret/security_inode_setattr",
                MORE_ARGUMENTS);
        assertEquals("fmod_ret", plan.of(MORE_ARGUMENTS).kind(program(MORE_ARGUMENTS)));
        assertEquals("fentry", without("?kprobe/security_inode_setattr", "?fentry/security_inode_setattr", MORE_ARGUMENTS)
                .of(MORE_ARGUMENTS).kind(program(MORE_ARGUMENTS)));
    }

    @Test
    void standInThatIsNotOptional_isAProgramOfItsOwn() {
        assertInstanceOf(Strategy.Unserved.class,
                without(MORE_ARGUMENTS, "fmod_ret/security_inode_setattr").of(MORE_ARGUMENTS));
    }

    @Test
    void standInWhereTheArgumentsAreTheSame_isLeftAlone() {
        HookPlan plan = without(SAME, "?fmod_ret/security_file_open");
        assertInstanceOf(Strategy.Elsewhere.class, plan.of(SAME));
        assertFalse(plan.isStandIn(program("?fmod_ret/security_file_open")));
    }

    @Test
    void otherArgumentsWithoutStandIn_isUnserved_andToldWhatWouldHelp() {
        Strategy.Unserved none = assertInstanceOf(Strategy.Unserved.class, without(MORE_ARGUMENTS).of(MORE_ARGUMENTS));
        assertTrue(none.reason().contains("security_inode_setattr(struct file *, struct dentry *) has other arguments"), none.reason());
        assertTrue(none.reason().contains("planned.bpf.o has no section ?fmod_ret/security_inode_setattr"), none.reason());
        assertEquals(List.of("", "", ""), List.of(none.words(program(MORE_ARGUMENTS)), none.kind(program(MORE_ARGUMENTS)),
                none.target(program(MORE_ARGUMENTS))));
    }

    @Test
    void sleepable_isServedByAStandInOnly() {
        String sleepable = "lsm.s/file_open";
        Strategy.Unserved none = assertInstanceOf(Strategy.Unserved.class, without(sleepable).of(sleepable));
        assertTrue(none.reason().contains("sleepable programs have no fall-back"), none.reason());
        assertInstanceOf(Strategy.StandIn.class, without(sleepable, "?fmod_ret/security_file_open").of(sleepable));
    }

    @Test
    void noFunctionOrNoHook_isUnserved_namingTheKernel() {
        for (String section : List.of("lsm/quotactl", "lsm/no_such_hook")) {
            Strategy.Unserved none = assertInstanceOf(Strategy.Unserved.class, without(section).of(section));
            assertTrue(none.reason().contains("kernel 6.12.107 has no function security_"), none.reason());
        }
    }
}
