// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.kernel.KernelRequirements;
import garrison.framework.kernel.RunningKernel;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.LoadedBpfObject;
import garrison.spi.KernelException;
import garrison.spi.UnsupportedKernelException;
import garrison.spi.VerifierException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a kernel with BPF LSM refuses, and how that is told. */
class RefusalTest {
    @Test
    void load_lsmProgramThatWritesToTheKernel_isAVerifierErrorWithOneLine() {
        VerifierException rejected = assertThrows(VerifierException.class, () -> Objects.load("writes_to_the_kernel"));
        assertEquals("writes_to_the_kernel", rejected.program());
        for (String word : List.of("test-plugin", "?lsm/inode_rename", Objects.OWNER.kernelRelease(), "errno 13",
                "only read is supported")) {
            assertTrue(rejected.getMessage().contains(word), rejected.getMessage());
        }
        assertFalse(rejected.getMessage().contains("\n"), rejected.getMessage());
        assertTrue(rejected.log().contains("only read is supported"), rejected.log());
    }

    @Test
    void load_hookThatNoKernelHas_isRefusedByTheCheckAndByLibbpf() {
        BpfSpec spec = Objects.spec("test_needs");
        RunningKernel kernel = new RunningKernel(Objects.LIBBPF);
        UnsupportedKernelException missing = assertThrows(UnsupportedKernelException.class,
                () -> KernelRequirements.check(spec, Set.of("no_such_hook"), kernel, Objects.OWNER));
        assertTrue(missing.getMessage().contains("garrison_no_such_hook"), missing.getMessage());
        KernelException refused = assertThrows(KernelException.class, () -> Objects.load("no_such_hook"));
        assertTrue(refused.getMessage().contains("garrison_no_such_hook"), refused.getMessage());
    }

    @Test
    void load_weakKernelFunctionThatIsMissing_loadsAllTheSame() {
        RunningKernel kernel = new RunningKernel(Objects.LIBBPF);
        KernelRequirements.check(Objects.spec("test_needs"), Set.of("looks_at_exe", "knows_init_task"), kernel, Objects.OWNER);
        try (LoadedBpfObject object = Objects.load("looks_at_exe", "knows_init_task")) {
            assertEquals(2, object.programs().size());
            assertTrue(object.programId("looks_at_exe") > 0);
        }
    }
}
