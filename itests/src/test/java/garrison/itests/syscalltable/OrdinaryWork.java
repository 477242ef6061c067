// SPDX-License-Identifier: Apache-2.0
package garrison.itests.syscalltable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import garrison.itests.Command;
import garrison.itests.Guest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What administrators and their tools do to a kernel: the same means as an attacker's, and no attack. */
final class OrdinaryWork {
    /** The kernel's function that is traced; rarely called. */
    static final String TRACED = "__x64_sys_getpgid";
    private static final Path TRACING = Path.of("/sys/kernel/tracing");
    private static final Path CORE_PATTERN = Path.of("/proc/sys/kernel/core_pattern");
    private static final int SWITCHED = 20;
    private static final String PROGRAM = "/bin/busybox";

    private OrdinaryWork() {}

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": " + text, e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** bpftrace, from its start to its end: kprobe, kretprobe and tracepoint. */
    static void bpftrace() {
        Command.run("bpftrace", "-e", "kprobe:" + TRACED + " { @calls = count(); } kretprobe:" + TRACED + " { @results = count(); } "
                + "tracepoint:raw_syscalls:sys_enter { @entries = count(); }", "-c", PROGRAM + " true").success();
    }

    /** perf: a probe of its own, counted on the whole machine beside a clock. */
    static void perf() {
        Command.run("perf", "probe", "-q", "--add", "ordinary=" + TRACED).success();
        Command.run("perf", "stat", "-e", "probe:ordinary,cpu-clock", "-a", "--", PROGRAM, "true").success();
        Command.run("perf", "probe", "-q", "--del", "ordinary").success();
    }

    /**
     * A kprobe and the function tracer, by tracefs; {@code meanwhile} runs while both are on. Switched often enough for a look to
     * meet text that the kernel has patched by half.
     */
    static void tracefs(Runnable meanwhile) {
        write(TRACING.resolve("kprobe_events"), "p:garrison/there " + TRACED + "\n");
        for (int i = 0; i < SWITCHED; i++) {
            write(TRACING.resolve("events/garrison/there/enable"), "1");
            write(TRACING.resolve("events/garrison/there/enable"), "0");
        }
        write(TRACING.resolve("events/garrison/there/enable"), "1");
        write(TRACING.resolve("set_ftrace_filter"), TRACED);
        write(TRACING.resolve("current_tracer"), "function");
        meanwhile.run();
        write(TRACING.resolve("current_tracer"), "nop");
        write(TRACING.resolve("set_ftrace_filter"), "");
        write(TRACING.resolve("events/garrison/there/enable"), "0");
        write(TRACING.resolve("kprobe_events"), "");
    }

    static void module() {
        AttackModule.insert(AttackModule.BENIGN);
        AttackModule.remove(AttackModule.BENIGN);
    }

    /** Programs started, one after the other. */
    static void executions() {
        int count = Guest.isLong() ? 5_000 : 300;
        assertEquals(0, Guest.attacks().run("spawn", Integer.toString(count), PROGRAM).exit());
    }

    /** Programs that the kernel starts itself: modprobe for a file system that nobody has, and one that takes a core. */
    static void helpers(Path folder) {
        assertNotEquals(0, Command.run("mount", "-t", "nosuchfs", "none", "/mnt").exit());
        String before = read(CORE_PATTERN).strip();
        Path core = folder.resolve("core");
        write(CORE_PATTERN, "|" + PROGRAM + " tee " + core);
        try {
            assertEquals("core", Guest.attacks().run("crash").output().strip());
            Guest.await("the core", () -> Files.exists(core));
        } finally {
            write(CORE_PATTERN, before);
        }
    }
}
