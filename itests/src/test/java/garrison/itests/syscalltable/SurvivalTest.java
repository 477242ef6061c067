// SPDX-License-Identifier: Apache-2.0
package garrison.itests.syscalltable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Guest;
import garrison.syscalltable.Action;
import garrison.syscalltable.Area;
import garrison.syscalltable.KernelAltered;
import garrison.syscalltable.KernelMemoryAltered;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The looks go on without a process; where the kernel tells no symbols, there are none, and that is told. */
@Timeout(300)
class SurvivalTest {
    private static final Path RESTRICT = Path.of("/proc/sys/kernel/kptr_restrict");
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(2);

    @Test
    void process_killed_looksGoOn_andTheNextTellsWhatTheyFound() throws Exception {
        try (AttackModule module = AttackModule.load(); KeptWatch process = KeptWatch.start()) {
            process.kill();
            Instant begin = Instant.now();
            module.act("table");
            module.act("hide");
            // Nothing tells that a look was made, when nobody lives to be told.
            Thread.sleep(LONG_ENOUGH);
            Instant second = Instant.now();
            try (Watched watched = Watched.start(KeptWatch.PINNED)) {
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
        }
    }

    /** The end is the control of the other test: looks that are not pinned end with their process. */
    @Test
    void symbolsHidden_theUnseenIsNamed_actsAreTold_andAReloadMakesUpForIt() throws IOException {
        String restrict = Files.readString(RESTRICT).strip();
        Files.writeString(RESTRICT, "2");
        try (Watched watched = Watched.start("")) {
            String unseen = watched.status().figures().getOrDefault("not seen", "");
            assertTrue(unseen.contains("kernel.kptr_restrict=2"), watched.status().figures().toString());
            Instant begin = Instant.now();
            long pid = Guest.attacks().run("attach-filter").pid();
            watched.act(Action.SOCKET_FILTER, begin, e -> e.pid() == pid);
            Files.writeString(RESTRICT, "1");
            watched.reload();
            watched.awaitLook();
            assertFalse(watched.status().figures().containsKey("not seen"), watched.status().figures().toString());
            Files.writeString(RESTRICT, restrict);
        } finally {
            Files.writeString(RESTRICT, restrict);
        }
        Guest.await("its programs are gone", () -> !garrison.itests.Command.run("bpftool", "prog", "list").success().contains("name table_"));
    }
}
