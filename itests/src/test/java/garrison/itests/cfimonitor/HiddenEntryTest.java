// SPDX-License-Identifier: Apache-2.0
package garrison.itests.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.cfimonitor.CfiEvent;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The kernel leaves out the sensors at functions' entries on a CPU on which a task was preempted within them. Here a module brings that
 * about for one task, by the kernel's own counter: whoever comes in so is no false alarm, and what hides so is seen all the same.
 */
@Timeout(400)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(Stage.Shared.class)
class HiddenEntryTest {
    private final Stage stage;
    private final EmbeddedMonitor monitor;

    HiddenEntryTest(Stage stage) {
        this.stage = stage;
        monitor = stage.monitor;
    }

    private long madeUpFor() {
        return Long.parseLong(monitor.figure("entry sensors left out by the kernel, and made up for"));
    }

    @Test
    void ordinaryTask_forWhomEntrySensorsAreLeftOut_raisesNothing_andIsCounted() {
        List<CfiEvent> before = monitor.events();
        long then = madeUpFor();
        stage.exploit.runUnseen("setpriv --reuid=65534 --regid=65534 --clear-groups /bin/true");
        monitor.assertNothingToldSince(before);
        // Two executions, and changes of ids between them.
        assertTrue(madeUpFor() >= then + 2, () -> "the sensors were left out: " + then + ", then " + madeUpFor());
    }

    /** Without sensors behind entries it is untold: see LearningTest. */
    @Test
    void callThatHidesSo_isToldAndStopped() {
        long then = madeUpFor();
        Exploit.Outcome told = stage.exploit.run(Exploit.Service.MEMORY_UNSEEN);
        CfiEvent event = monitor.await("it is told of " + told, e -> e.pid() == told.pid() && e.sensor().equals("set_memory_rw"));
        assertEquals("foreign_caller", event.finding(), event.toString());
        assertEquals("block", event.action(), event.toString());
        assertFalse(told.opened(), () -> "its shell makes no file any more: " + monitor.events());
        assertTrue(madeUpFor() > then, () -> "the sensor was left out: " + then + ", then " + madeUpFor());
    }
}
