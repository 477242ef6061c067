// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CallSitesTest {
    private static final long BASE = 0xffffffff81000000L;
    private static final long WANTED = BASE + 0x400;

    private final ByteBuffer code = ByteBuffer.allocate(0x800).order(ByteOrder.LITTLE_ENDIAN);

    private void branch(int operation, int at, long target) {
        code.put(at, (byte) operation).putInt(at + 1, (int) (target - (BASE + at + 5)));
    }

    private Map<Long, Integer> find(Map<Long, Integer> wanted) {
        CallSites calls = new CallSites(BASE);
        calls.add(code.array(), 0, code.capacity());
        // Functions begin at multiples of 0x100 here.
        return calls.find(wanted, address -> address & ~0xffL);
    }

    @Test
    void directCalls_areFoundByTheirReturnAddress() {
        branch(0xe8, 0x20, WANTED);
        branch(0xe8, 0x30, WANTED + 0x10);
        branch(0xe8, 0x500, WANTED);
        assertEquals(Map.of(BASE + 0x25, 1, BASE + 0x505, 1), find(Map.of(WANTED, 1)));
    }

    @Test
    void tailCalls_countWhereTheirFunctionIsCalled_howeverLongTheChain() {
        branch(0xe9, 0x120, WANTED);
        branch(0xe9, 0x220, BASE + 0x100);
        branch(0xe8, 0x320, BASE + 0x200);
        branch(0xe8, 0x520, BASE + 0x100);
        assertEquals(Map.of(BASE + 0x325, 2, BASE + 0x525, 2), find(Map.of(WANTED, 2)));
    }

    @Test
    void tailCalls_inACircle_end() {
        branch(0xe9, 0x120, WANTED);
        branch(0xe9, 0x130, BASE + 0x200);
        branch(0xe9, 0x220, BASE + 0x100);
        branch(0xe8, 0x320, BASE + 0x200);
        assertEquals(Map.of(BASE + 0x325, 1), find(Map.of(WANTED, 1)));
    }

    /** A jump in the middle of a function's chain may be conditional, and what stands for a static call is a jump of its own. */
    @Test
    void conditionalTailCalls_count() {
        code.put(0x11f, (byte) 0x0f);
        branch(0x84, 0x120, WANTED);
        branch(0xe8, 0x320, BASE + 0x100);
        assertEquals(Map.of(BASE + 0x325, 1), find(Map.of(WANTED, 1)));
    }

    @Test
    void oneCallToAFunctionOfSeveralNames_carriesAllBits() {
        branch(0xe8, 0x20, WANTED);
        branch(0xe8, 0x40, WANTED + 0x100);
        assertEquals(Map.of(BASE + 0x25, 5, BASE + 0x45, 2), find(Map.of(WANTED, 5, WANTED + 0x100, 2)));
    }

    @Test
    void branchAcrossTwoPieces_isFoundOnce() {
        branch(0xe8, 0x1fe, WANTED);
        CallSites calls = new CallSites(BASE);
        byte[] all = code.array();
        calls.add(java.util.Arrays.copyOfRange(all, 0, 0x200), 0, 0x200);
        calls.add(java.util.Arrays.copyOfRange(all, 0x1fc, 0x800), 0x1fc, 0x800 - 0x1fc);
        assertEquals(Map.of(BASE + 0x203, 1), calls.find(Map.of(WANTED, 1), address -> 0));
    }
}
