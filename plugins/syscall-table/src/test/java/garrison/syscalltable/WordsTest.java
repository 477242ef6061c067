// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kernel's words for addresses, patches as they were seen in kernels, and the names of system calls. */
class WordsTest {
    private static final byte[] PLAIN = HexFormat.of().parseHex("f30f1efa0f1f44000065488b155760a402488b4f708b82a80a000083f9ff7406");
    private static final byte[] CALLED = HexFormat.of().parseHex("f30f1efae84770aa2865488b155760a402488b4f708b82a80a000083f9ff7406");
    private static final byte[] BROKEN = HexFormat.of().parseHex("f30f1efacc1f44000065488b155760a402488b4f708b82a80a000083f9ff7406");
    private static final byte[] JUMPS = HexFormat.of().parseHex("e94770aa281f44000065488b155760a402488b4f708b82a80a000083f9ff7406");

    @ParameterizedTest
    @CsvSource({"diverted+0x0/0x10 [rootkit],module rootkit,diverted,16", "__x64_sys_read+0x0/0x1a0,kernel,__x64_sys_read,416",
        "0xffffffffc061d000,unknown,0xffffffffc061d000,0", "bpf_trampoline_6442+0x0/0x1000 [bpf],bpf,bpf_trampoline_6442,4096",
        "bpf_prog_1_x+0x0/0x20,bpf,bpf_prog_1_x,32", "kprobe_insn_page+0x40/0x1000 [__builtin__kprobes],kernel,kprobe_insn_page,4096",
        "ftrace_trampoline calling traced+0x0/0x10 [rootkit],module rootkit,ftrace_trampoline calling traced,16"})
    void owner_ofKernelsWords(String symbol, String owner, String name, int size) {
        assertEquals(owner, Owner.of(symbol));
        assertEquals(name, Owner.name(symbol));
        assertEquals(size, Owner.size(symbol));
    }

    @Test
    void patch_ofTheKernelsOwnKind_isKnown_andNoOther() {
        assertTrue(Patch.of(PLAIN, CALLED, "ftrace_trampoline calling f+0x0/0x10").known());
        assertTrue(Patch.of(PLAIN, CALLED, "bpf_trampoline_6442+0x0/0x1000 [bpf]").known());
        assertTrue(Patch.of(PLAIN, BROKEN, "").known());
        assertFalse(Patch.of(PLAIN, CALLED, "diverted+0x0/0x10 [rootkit]").known());
        assertFalse(Patch.of(PLAIN, CALLED, "0xffffffffc061d000").known());
        assertFalse(Patch.of(PLAIN, JUMPS, "ftrace_trampoline calling f+0x0/0x10").known());
    }

    @Test
    void handlers_byNumberAndName() {
        Handlers handlers = Handlers.read();
        assertEquals("personality", handlers.name(135));
        assertTrue(handlers.fits(135, "__x64_sys_personality", 1));
        assertFalse(handlers.fits(135, "__x64_sys_read", 1));
        assertTrue(handlers.fits(134, "__x64_sys_ni_syscall", 30));
        assertFalse(handlers.fits(0, "diverted", 1));
        assertEquals("system call 900", handlers.name(900));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"none [integrity] confidentiality|INTEGRITY", "none integrity [confidentiality]|CONFIDENTIALITY",
        "[none] integrity confidentiality|NONE"})
    void lockdown_ofTheKernelsWords(String text, Lockdown lockdown) {
        assertEquals(lockdown, Lockdown.of(text));
    }
}
