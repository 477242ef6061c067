// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class RegionsTest {
    @Test
    void code_ofAnyLength_isCoveredToItsLastByte() {
        for (int bytes : new int[] {32, 33, 4096, 4100, 10_288}) {
            Regions regions = new Regions(32);
            regions.addCode(0, 0x1000, bytes);
            boolean[] covered = new boolean[bytes];
            for (Region region : regions.all()) {
                for (int i = 0; i < region.words() * 8; i++) {
                    covered[(int) region.address() - 0x1000 + i] = true; // beyond the end: an exception
                }
            }
            for (int i = 0; i < bytes; i++) {
                assertEquals(true, covered[i], bytes + ": byte " + i);
            }
        }
    }

    @Test
    void small_many_shareAPage_andLargeBeginOneEach() {
        Regions regions = new Regions(8);
        for (int i = 0; i < 129; i++) {
            regions.add(Area.HANDLER, i, 0x1000L * i, 32);
        }
        regions.add(Area.TABLE, 0, 0x10, 472 * 8);
        List<Region> all = regions.all();
        assertEquals(all.get(0).page(), all.get(127).page());
        assertEquals(127 * Region.SMALL, all.get(127).offset());
        assertEquals(List.of(1, 0), List.of(all.get(128).page(), all.get(128).offset()));
        assertEquals(List.of(2, 0, 472), List.of(all.get(129).page(), all.get(129).offset(), all.get(129).words()));
    }

    @Test
    void tooMuch_isRefused() {
        Regions regions = new Regions(1);
        regions.add(Area.TABLE, 0, 0, 4096);
        assertThrows(IllegalStateException.class, () -> regions.add(Area.PARAMETER, 0, 0, 256));
    }
}
