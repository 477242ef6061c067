// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.btf.BtfBuilder;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.Owner;
import garrison.framework.object.TestObjects;
import garrison.spi.UnsupportedKernelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelRequirementsTest {
    private static final String[] ALL = {"bpf_lsm_inode_mkdir", "bpf_lsm_inode_unlink", "security_inode_rmdir",
        "bpf_lookup_system_key", "bpf_key_put"};

    private final BpfSpec spec = BpfSpec.parse("test_needs.bpf.o", TestObjects.needs());

    @TempDir
    Path folder;

    private HookTrial trial = HookTrial.NONE;

    private RunningKernel kernel(String... functions) throws IOException {
        BtfBuilder builder = new BtfBuilder();
        for (String function : functions) {
            builder.function(function);
        }
        return kernel(builder);
    }

    private RunningKernel kernel(BtfBuilder builder) throws IOException {
        return new RunningKernel(Files.writeString(folder.resolve("osrelease"), "6.1.0-test"),
                Files.write(folder.resolve("vmlinux"), builder.build()), folder.resolve("lsm"), trial);
    }

    private UnsupportedKernelException missing(RunningKernel kernel, String... programs) {
        return assertThrows(UnsupportedKernelException.class,
                () -> KernelRequirements.check(spec, Set.of(programs), kernel, new Owner("test-plugin", kernel.release())));
    }

    @Test
    void check_kernelWithEverything_passes() throws IOException {
        RunningKernel kernel = kernel(ALL);
        assertDoesNotThrow(() -> KernelRequirements.check(spec, Set.of("refuse_mkdir", "refuse_rmdir", "count_unlink"), kernel,
                new Owner("test-plugin", kernel.release())));
    }

    @Test
    void check_missingHook_namesHookProgramPluginAndKernel() throws IOException {
        UnsupportedKernelException missing = missing(kernel(ALL), "no_such_hook");
        assertEquals("LSM hook garrison_no_such_hook", missing.feature());
        for (String word : new String[] {"test-plugin", "no_such_hook", "lsm/garrison_no_such_hook", "6.1.0-test"}) {
            assertTrue(missing.getMessage().contains(word), missing.getMessage());
        }
    }

    @Test
    void check_missingHookOfAProgramThatIsNotLoaded_passes() throws IOException {
        RunningKernel kernel = kernel(ALL);
        assertDoesNotThrow(() -> KernelRequirements.check(spec, Set.of("refuse_mkdir"), kernel,
                new Owner("test-plugin", kernel.release())));
    }

    /** So that a variant without it gets its turn, and not a load that fails. */
    @Test
    void check_hookThatDoesNotSleep_isMissingForASleepableProgram() throws IOException {
        trial = FeatureScanTest.WAKEFUL;
        String[] functions = Arrays.copyOf(ALL, ALL.length + 1);
        functions[ALL.length] = "bpf_lsm_file_open";
        UnsupportedKernelException missing = missing(kernel(functions), "count_unlink");
        assertEquals("sleepable LSM hook inode_unlink", missing.feature());
    }

    @Test
    void check_mapTypeOfALaterKernel_isMissing() throws IOException {
        BtfBuilder builder = new BtfBuilder();
        for (String function : ALL) {
            builder.function(function);
        }
        builder.add("bpf_map_type", 6, 1, 4, builder.string("BPF_MAP_TYPE_HASH"), 1);
        UnsupportedKernelException missing = missing(kernel(builder), "refuse_mkdir");
        assertTrue(missing.feature().startsWith("map type ") && missing.getMessage().contains("test_needs.bpf.o"),
                missing.getMessage());
    }

    @Test
    void check_missingFunctionToModify_isNamed() throws IOException {
        UnsupportedKernelException missing = missing(kernel("bpf_lookup_system_key", "bpf_key_put"), "refuse_rmdir");
        assertEquals("kernel function security_inode_rmdir", missing.feature());
    }

    @Test
    void check_missingKfunc_namesItsUserAndTheMinimumKernel() throws IOException {
        UnsupportedKernelException missing = missing(kernel("bpf_lookup_system_key"), new String[0]);
        assertEquals("kernel function bpf_key_put", missing.feature());
        assertTrue(missing.getMessage().contains("count_unlink") && missing.getMessage().contains("kernel 6.1 or later"),
                missing.getMessage());
    }
}
