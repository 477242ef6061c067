// SPDX-License-Identifier: Apache-2.0
package garrison.itests.syscalltable;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Command;
import garrison.itests.EventLines;
import garrison.itests.GarrisonProcess;
import garrison.itests.Guest;
import garrison.syscalltable.Action;
import garrison.syscalltable.Area;
import garrison.syscalltable.KernelAltered;
import garrison.syscalltable.KernelMemoryAltered;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The program itself with the plugin as its bundle, where no kprobe can be had; the looks go on without it, and the next process
 * tells what they found.
 */
@Timeout(300)
class SurvivalTest {
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(2);
    private static final String PINNED = "garrison.pin = true";
    private static final String KPROBE_TYPE = "/sys/bus/event_source/devices/kprobe/type";
    private static final String KPROBE_EVENTS = "tracing/kprobe_events";
    private static final int KTIME_GET_NS = 5;

    /** Neither perf's probes nor those of tracefs: whoever needs a kprobe finds no way to one. */
    private static final List<String> WITHOUT_KPROBES = List.of("unshare", "--mount", "sh", "-c",
            "for f in /sys/bus/event_source/devices /sys/kernel/tracing /sys/kernel/debug; do mount -t tmpfs none $f || exit; done; exec \"$0\" \"$@\"");

    private final Path folder = Guest.scratch("survival");

    @Test
    void programKilled_looksGoOn_andTheNextTellsWhatTheyFound() throws Exception {
        String configuration = PINNED + "\ngarrison.runtime { " + GarrisonProcess.runtime(folder, "bundles = [ syscall-table ]") + " }\n";
        try (AttackModule module = AttackModule.load();
                GarrisonProcess garrison = GarrisonProcess.start(folder, configuration, WITHOUT_KPROBES).awaitStarted()) {
            seesAll_withoutKprobes(garrison);
            garrison.kill();
            Instant begin = Instant.now();
            module.act("table");
            module.act("hide");
            // Nothing tells that a look was made, when nobody lives to be told.
            Thread.sleep(LONG_ENOUGH);
            Instant second = Instant.now();
            try (Watched watched = Watched.start(PINNED)) {
                KernelMemoryAltered meanwhile = watched.await("table, without a process", KernelMemoryAltered.class, begin,
                        e -> e.area() == Area.TABLE && e.leadsTo().startsWith("diverted"));
                KernelAltered hidden = watched.act(Action.MODULE_HIDDEN, begin, e -> e.object().equals(AttackModule.NAME));
                KernelMemoryAltered still = watched.await("still altered", KernelMemoryAltered.class, second,
                        e -> e.detail().contains("still is"));
                assertTrue(meanwhile.time().isBefore(second), meanwhile.toString());
                assertTrue(hidden.time().isBefore(second), hidden.toString());
                assertEquals("module " + AttackModule.NAME, meanwhile.owner());
                assertEquals("personality", still.name());
                Instant undone = Instant.now();
                module.undo("table");
                module.undo("hide");
                watched.memory("table undone", Area.TABLE, undone, true);
            }
            // The control: what ends in good order leaves nothing that looks.
            Guest.await("its programs are gone", () -> !Command.run("bpftool", "prog", "list").success().contains("name table_"));
        }
    }

    private static void seesAll_withoutKprobes(GarrisonProcess garrison) {
        for (String way : List.of(KPROBE_TYPE, "/sys/kernel/" + KPROBE_EVENTS, "/sys/kernel/debug/" + KPROBE_EVENTS)) {
            assertEquals(0, Command.run("test", "-e", way).exit(), way);
            assertEquals(1, Command.run("nsenter", "--mount", "--target", Long.toString(garrison.process().pid()), "test", "-e", way).exit(), way);
        }
        Map<String, Object> plugin = garrison.plugin("syscall-table");
        assertAll(() -> assertEquals("ACTIVE", plugin.get("state")),
                () -> assertTrue(plugin.toString().contains("pieces of kernel memory"), plugin::toString),
                () -> assertFalse(plugin.toString().contains("not seen"), plugin::toString));
        try (EventLines events = garrison.events()) {
            // The stream is open as soon as it tells something of our own making.
            Guest.await(() -> "a program's load; told: " + events.all(), () -> {
                Guest.attacks().run("load-bpf");
                return events.all().stream().anyMatch(e -> "kernel_altered".equals(e.get("type")) && "BPF_PROG_LOAD".equals(e.get("command"))
                        && "attack".equals(e.get("object")) && e.get("helpers") instanceof List<?> helpers
                        && helpers.stream().map(h -> ((Number) h).intValue()).toList().equals(List.of(KTIME_GET_NS)));
            });
            assertEquals(List.of(), events.unreadable());
        }
    }
}
