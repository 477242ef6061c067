// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class IndirectCallsTest {
    @Test
    void calls_directOrThroughARegister_areFoundByTheirReturnAddress() {
        byte[] code = {0x55, (byte) 0xe8, 1, 2, 3, 4, (byte) 0xff, (byte) 0xd0, 0x41, (byte) 0xff, (byte) 0xd3, (byte) 0xff, 0x25, (byte) 0xe8, 1};
        assertEquals(List.of(0x1006L, 0x1008L, 0x100bL), IndirectCalls.returnsIn(code, 0x1000));
    }
}
