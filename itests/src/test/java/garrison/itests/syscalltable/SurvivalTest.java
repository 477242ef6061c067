// SPDX-License-Identifier: Apache-2.0
package garrison.itests.syscalltable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.syscalltable.Action;
import garrison.syscalltable.Area;
import garrison.syscalltable.KernelAltered;
import garrison.syscalltable.KernelMemoryAltered;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The looks go on without a process, and the next process tells what they found. */
@Timeout(300)
class SurvivalTest {
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
            // The control: what ends in good order leaves nothing that looks.
            Guest.await("its programs are gone", () -> !Command.run("bpftool", "prog", "list").success().contains("name table_"));
        }
    }
}
