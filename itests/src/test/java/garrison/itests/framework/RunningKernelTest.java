// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.kernel.RunningKernel;
import garrison.framework.libbpf.Libc;
import garrison.itests.Guest;
import garrison.spi.Answer;
import garrison.spi.KernelVersion;
import garrison.spi.LsmHook;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunningKernelTest {
    private static final String PREFIX = "bpf_lsm_";
    private static final int LSM = 29;
    private static final int LSM_MAC = 27;
    /** struct bpf_prog_load_opts: size, expected attach type, BTF id of the hook. */
    private static final int OPTIONS_SIZE = 104;
    private static final byte[] RETURN_ZERO =
            {(byte) 0xb7, 0, 0, 0, 0, 0, 0, 0, (byte) 0x95, 0, 0, 0, 0, 0, 0, 0};

    private final RunningKernel kernel = new RunningKernel(Objects.LIBBPF);

    private boolean loads(String hook) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment options = scratch.allocate(OPTIONS_SIZE, 8);
            options.set(JAVA_LONG, 0, OPTIONS_SIZE);
            options.set(JAVA_INT, 12, LSM_MAC);
            options.set(JAVA_INT, 32, kernel.btf().functionId(PREFIX + hook));
            int fd = Objects.LIBBPF.progLoad(LSM, scratch.allocateFrom("trial"), scratch.allocateFrom("GPL"),
                    scratch.allocateFrom(JAVA_BYTE, RETURN_ZERO).asSlice(0, RETURN_ZERO.length), options);
            if (fd >= 0) {
                Libc.close(fd);
            }
            return fd >= 0 && options.get(ADDRESS, 16).address() == 0;
        }
    }

    @Test
    void lsmHook_everyFunctionOfBtf_isOfferedJustWhenAProgramLoads() {
        List<String> wrong = new ArrayList<>();
        int offered = 0;
        for (String function : kernel.btf().functions(PREFIX).stream().distinct().toList()) {
            String hook = function.substring(PREFIX.length());
            boolean offers = kernel.lsmHook(hook).isPresent();
            offered += offers ? 1 : 0;
            if (offers != loads(hook)) {
                wrong.add(hook + (offers ? " is offered and does not load" : " loads and is not offered"));
            }
        }
        System.out.println("LSM hooks of kernel " + kernel.release() + ": " + offered + " loadable");
        assertEquals(List.of(), wrong);
        assertEquals(offered, kernel.lsmHooks().size());
        assertTrue(offered > 200, offered + " hooks");
    }

    @Test
    void lsmHook_setxattr_tellsTheArgumentThatMoved() {
        LsmHook hook = kernel.lsmHook("inode_setxattr").orElseThrow();
        boolean older = kernel.version().compareTo(new KernelVersion(6, 3, 0)) < 0;
        assertEquals(older ? "struct user_namespace *" : "struct mnt_idmap *", hook.arguments().get(0));
        assertEquals(1, hook.indexOf("struct dentry *"));
    }

    @Test
    void function_kfuncOf612_isAnsweredWithItsMinimum() {
        Answer answer = kernel.function("bpf_get_dentry_xattr");
        if (kernel.version().compareTo(new KernelVersion(6, 12, 0)) >= 0) {
            assertEquals(new Answer.Yes(), answer);
        } else {
            assertTrue(answer instanceof Answer.No no && no.remedy().contains("6.12"), answer.toString());
        }
        assertEquals(new Answer.Yes(), kernel.function("bpf_verify_pkcs7_signature"));
    }

    @Test
    void bpfLsm_stockKernel_isActive() {
        assertEquals(new Answer.Yes(), kernel.bpfLsm());
        assertEquals(Guest.kernel(), kernel.version());
    }

    @Test
    void xattrNoDecision_isOneJustWhereTheKernelWouldSkipItsCheck() {
        boolean older = kernel.version().compareTo(new KernelVersion(6, 11, 0)) < 0;
        assertEquals(older ? 1 : 0, kernel.xattrNoDecision());
    }
}
