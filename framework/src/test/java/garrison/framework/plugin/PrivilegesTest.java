// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import garrison.spi.GarrisonException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PrivilegesTest {
    private static List<String> status(String capabilities) {
        return List.of("Name:\tjava", "Uid:\t1000\t1000\t1000\t1000", "CapEff:\t" + capabilities);
    }

    @Test
    void ordinaryUser_isToldWhatIsMissing() {
        GarrisonException e = assertThrows(GarrisonException.class, () -> Privileges.check(status("0000000000000000")));
        assertEquals("Not allowed to use BPF: this process (uid 1000) has neither CAP_SYS_ADMIN nor CAP_BPF with CAP_PERFMON;"
                + " run it as root, or give it these capabilities", e.getMessage());
    }

    @Test
    void capBpfAlone_isNotEnough() {
        assertThrows(GarrisonException.class, () -> Privileges.check(status("0000008000000000")));
    }

    @Test
    void rootOrBothCapabilities_areAccepted() {
        assertDoesNotThrow(() -> Privileges.check(status("000001ffffffffff")));
        assertDoesNotThrow(() -> Privileges.check(status("000000c000000000")));
        assertDoesNotThrow(() -> Privileges.check(status("0000000000200000")));
    }
}
