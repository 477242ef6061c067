// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.btf.Btf;
import garrison.framework.btf.BtfBuilder;
import garrison.framework.libbpf.Libbpf;
import garrison.spi.Answer;
import garrison.spi.KernelVersion;
import garrison.spi.LsmHook;
import garrison.spi.UnsupportedKernelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunningKernelTest {
    /** As captured from the booted kernels of the lab. */
    private static final String LSM_6_1 = "lockdown,capability,landlock,yama,apparmor,tomoyo,bpf";
    private static final String LSM_6_12 = "lockdown,capability,landlock,yama,apparmor,tomoyo,bpf,ipe,ima,evm";
    private static final Path BTF = Path.of("/sys/kernel/btf/vmlinux");

    @TempDir
    Path folder;

    private HookTrial trial = HookTrial.NONE;

    private RunningKernel kernel(String release, Path btf, String lsms) throws IOException {
        Path releaseFile = Files.writeString(folder.resolve("osrelease"), release + "\n");
        Path lsmFile = folder.resolve("security/lsm");
        if (lsms != null) {
            Files.createDirectories(lsmFile.getParent());
            Files.writeString(lsmFile, lsms);
        }
        return new RunningKernel(releaseFile, btf, lsmFile, trial);
    }

    /** BTF of a kernel that has just these functions. */
    private Path btf(String... functions) throws IOException {
        BtfBuilder builder = new BtfBuilder();
        for (String function : functions) {
            builder.function(function);
        }
        return Files.write(folder.resolve("vmlinux"), builder.build());
    }

    @Test
    void thisMachine_answersFromItsOwnFiles() {
        RunningKernel kernel = new RunningKernel(Libbpf.open());
        assertEquals(System.getProperty("os.version"), kernel.release());
        LsmHook hook = kernel.lsmHook("inode_setattr").orElseThrow();
        assertTrue(hook.indexOf("struct dentry *") >= 0 && hook.returnsVerdict(), hook.toString());
        assertTrue(kernel.lsmHook("garrison_no_such_hook").isEmpty());
        assertEquals(new Answer.Yes(), kernel.function("bpf_lsm_file_open"));
        assertEquals(new Answer.Yes(), kernel.struct("task_struct"));
        assertInstanceOf(Answer.No.class, kernel.struct("garrison_no_such_struct"));
    }

    @Test
    void lsmHook_voidHook_returnsNoVerdict() {
        assertEquals(false, new RunningKernel(Libbpf.open()).lsmHook("task_free").orElseThrow().returnsVerdict());
    }

    @Test
    void programSignatures_before618_isNo_withoutATrial() throws IOException {
        Answer.No no = assertInstanceOf(Answer.No.class, kernel("6.17.13-cloud-amd64", btf("bpf_lsm_file_open"), LSM_6_12).programSignatures());
        assertEquals("it checks no programs' signatures before 6.18", no.reason());
    }

    @Test
    void lsmHook_disabledLater_isThereOnlyBefore() throws IOException {
        Path btf = btf("bpf_lsm_setprocattr", "bpf_lsm_file_alloc_security", "bpf_lsm_file_open", "bpf_lsm_verify_prog");
        assertTrue(kernel("6.1.0-50-cloud-amd64", btf, LSM_6_1).lsmHook("setprocattr").isPresent());
        assertTrue(kernel("6.12.107+deb13-cloud-amd64", btf, LSM_6_12).lsmHook("setprocattr").isEmpty());
        assertTrue(kernel("6.12.107+deb13-cloud-amd64", btf, LSM_6_12).lsmHook("file_alloc_security").isPresent());
        assertTrue(kernel("7.2.13+deb14-cloud-amd64", btf, LSM_6_12).lsmHook("file_alloc_security").isEmpty());
        assertEquals(List.of("file_open"),
                kernel("7.2.13+deb14-cloud-amd64", btf, LSM_6_12).lsmHooks().stream().map(LsmHook::name).toList());
    }

    /** As on 6.12.107, whose version says that it takes programs for both. */
    @Test
    void lsmHook_disabledByAStableRelease_isKnownByTrial() throws IOException {
        Path btf = btf("bpf_lsm_file_open", "bpf_lsm_file_alloc_security", "bpf_lsm_xfrm_decode_session");
        int refused = Btf.parse("test", Files.readAllBytes(btf)).functionId("bpf_lsm_xfrm_decode_session");
        trial = function -> Optional.of(function != refused);
        assertEquals(List.of("file_open", "file_alloc_security"),
                kernel("6.12.107", btf, LSM_6_12).lsmHooks().stream().map(LsmHook::name).toList());
    }

    @Test
    void function_missingWithKnownMinimum_namesIt() throws IOException {
        Answer.No no = assertInstanceOf(Answer.No.class,
                kernel("6.1.0-50-cloud-amd64", btf("printk"), LSM_6_1).function("bpf_get_file_xattr"));
        assertTrue(no.reason().contains("bpf_get_file_xattr") && no.remedy().contains("6.8"), no.toString());
    }

    @Test
    void bpfLsm_listed_isYes() throws IOException {
        RunningKernel kernel = kernel("6.12.107+deb13-cloud-amd64", BTF, LSM_6_12);
        assertEquals(new Answer.Yes(), kernel.bpfLsm());
        assertEquals(List.of("lockdown", "capability", "landlock", "yama", "apparmor", "tomoyo", "bpf", "ipe", "ima", "evm"),
                kernel.activeLsms());
        assertEquals(new KernelVersion(6, 12, 107), kernel.version());
    }

    @Test
    void bpfLsm_notListed_isNoWithTheBootParameter() throws IOException {
        Answer.No no = assertInstanceOf(Answer.No.class, kernel("6.12.1", BTF, "capability,landlock").bpfLsm());
        assertTrue(no.remedy().contains("lsm=capability,landlock,bpf"), no.toString());
    }

    @Test
    void bpfLsm_noSecurityfs_isInconclusiveUntilItIsMounted() throws IOException {
        RunningKernel kernel = kernel("6.12.1", BTF, null);
        assertEquals(List.of(), kernel.activeLsms());
        Answer.Inconclusive unknown = assertInstanceOf(Answer.Inconclusive.class, kernel.bpfLsm());
        assertTrue(unknown.reason().contains("securityfs"), unknown.reason());
        Files.createDirectories(folder.resolve("security"));
        Files.writeString(folder.resolve("security/lsm"), LSM_6_12);
        assertEquals(new Answer.Yes(), kernel.bpfLsm());
    }

    @Test
    void xattrNoDecision_isOneOnlyWhereNobodyElseChecks() throws IOException {
        Path without = btf("bpf_lsm_inode_setxattr");
        assertEquals(1, kernel("6.1.0", without, LSM_6_1).xattrNoDecision());
        assertEquals(0, kernel("6.1.0", without, "capability,selinux,bpf").xattrNoDecision());
        assertEquals(0, kernel("6.1.0", without, "capability,smack,bpf").xattrNoDecision());
        Files.delete(folder.resolve("security/lsm"));
        assertEquals(0, kernel("6.1.0", without, null).xattrNoDecision());
        assertEquals(0, kernel("6.12.0", btf("bpf_lsm_inode_xattr_skipcap"), LSM_6_12).xattrNoDecision());
    }

    @Test
    void btf_missing_isAnUnsupportedKernel() throws IOException {
        RunningKernel kernel = kernel("6.12.1", folder.resolve("none"), LSM_6_12);
        UnsupportedKernelException none = assertThrows(UnsupportedKernelException.class, () -> kernel.lsmHook("file_open"));
        assertTrue(none.getMessage().contains("CONFIG_DEBUG_INFO_BTF"), none.getMessage());
        assertInstanceOf(Answer.Inconclusive.class, kernel.function("printk"));
    }

    @Test
    void release_noProc_isAnUnsupportedKernel() {
        UnsupportedKernelException none = assertThrows(UnsupportedKernelException.class,
                () -> new RunningKernel(folder.resolve("none"), BTF, BTF, HookTrial.NONE));
        assertTrue(none.getMessage().contains("/proc"), none.getMessage());
    }
}
