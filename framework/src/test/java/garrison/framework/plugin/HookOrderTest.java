// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import garrison.framework.Status.AttachedProgram;
import garrison.framework.Status.BudgetStatus;
import garrison.framework.Status.EventCounts;
import garrison.framework.Status.PluginStatus;
import garrison.spi.ActualMode;
import garrison.spi.Mode;
import garrison.spi.PluginState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HookOrderTest {
    private static PluginStatus plugin(String name, Mode mode, AttachedProgram... attached) {
        return new PluginStatus(name, PluginState.ACTIVE, "", mode, ActualMode.valueOf(mode.name()), "", Instant.EPOCH, "o", "", List.of(attached),
                EventCounts.NONE, Map.of(), BudgetStatus.NONE, Map.of(), "");
    }

    private static AttachedProgram at(String hook, String strategy, long link) {
        return new AttachedProgram("p" + link, "lsm", hook, strategy, link);
    }

    @Test
    void observer_doesNotSeeWhatALaterEnforcerRefusesAtTheSameHook() {
        assertEquals(Map.of("observer", "what guard refuses at file_open, inode_mkdir is not seen: it was attached later, and the newest"
                + " is asked first"), HookOrder.hidden(List.of(
                        plugin("observer", Mode.AUDIT, at("file_open", "lsm", 1), at("inode_mkdir", "lsm.s", 2), at("sb_mount", "lsm", 9)),
                        plugin("guard", Mode.ENFORCE, at("file_open", "lsm", 3), at("inode_mkdir", "lsm", 4), at("sb_mount", "lsm", 5)))));
    }

    @Test
    void otherObservers_olderEnforcers_andOtherMechanisms_hideNothing() {
        assertEquals(Map.of(), HookOrder.hidden(List.of(plugin("observer", Mode.AUDIT, at("file_open", "lsm", 5)),
                plugin("other", Mode.AUDIT, at("file_open", "lsm", 6)), plugin("older", Mode.ENFORCE, at("file_open", "lsm", 4)),
                plugin("elsewhere", Mode.ENFORCE, at("file_open", "fmod_ret/security_file_open", 7)))));
    }
}
