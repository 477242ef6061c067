// SPDX-License-Identifier: Apache-2.0
package garrison.itests.syscalltable;

import static org.junit.jupiter.api.Assertions.assertEquals;

import garrison.itests.Guest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The control: the same attacks on a kernel that nobody watches. Each has its effect, nobody refuses or tells it, and it leaves the
 * kernel as it was, for the first reading.
 */
final class UnseenAttacks {
    static final String DIVERTED = "5eed";
    private static final String ATTACKED = "__x64_sys_personality";

    private UnseenAttacks() {}

    /** What personality(2) answers. */
    static String personality() {
        return Guest.attacks().run("personality").output().strip();
    }

    static void run(AttackModule module) throws IOException {
        assertEquals("0", personality());
        assertEquals(ATTACKED, module.entry());
        module.act("table");
        assertEquals("diverted", module.entry().split(" ")[0]);
        module.undo("table");
        assertEquals(ATTACKED, module.entry());
        for (String act : List.of("entry", "dispatcher", "handler")) {
            module.act(act);
            assertEquals(DIVERTED, personality(), act);
            module.undo(act);
        }
        assertEquals("0", personality());
        has(module, "modprobe", Path.of("/proc/sys/kernel/modprobe"), "/tmp/evil");
        lacks(module, "operations", Path.of("/proc/net/tcp"), "local_address");
        lacks(module, "hide", Path.of("/proc/modules"), AttackModule.NAME);
        has(module, "kprobe", Path.of("/sys/kernel/debug/kprobes/list"), ATTACKED);
        has(module, "ftrace", Path.of("/sys/kernel/tracing/enabled_functions"), ATTACKED);
        for (List<String> words : List.of(List.of("attach-filter"), List.of("load-bpf"), List.of("ptrace-poke"),
                List.of("perf-kprobe", ATTACKED), List.of("perf-uprobe", Guest.built("attack").toString(), "0x1000"))) {
            assertEquals(0, Guest.attacks().run(words).exit(), words.toString());
        }
    }

    private static void has(AttackModule module, String act, Path file, String text) throws IOException {
        turns(module, act, file, text, true);
    }

    private static void lacks(AttackModule module, String act, Path file, String text) throws IOException {
        turns(module, act, file, text, false);
    }

    /** Whether the file holds the text changes with the act, and changes back. */
    private static void turns(AttackModule module, String act, Path file, String text, boolean there) throws IOException {
        assertEquals(!there, Files.readString(file).contains(text), act + " before");
        module.act(act);
        assertEquals(there, Files.readString(file).contains(text), act);
        module.undo(act);
        assertEquals(!there, Files.readString(file).contains(text), act + " undone");
    }
}
