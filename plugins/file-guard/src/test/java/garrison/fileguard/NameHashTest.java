// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The kernel's side of it is tested in guests, where a rule must find names of every length. */
class NameHashTest {
    @Test
    void hash_ofNamesThatDifferInLengthOrOneByte_differs() {
        Set<Long> hashes = new HashSet<>();
        int names = 0;
        for (int length = 0; length <= 255; length++) {
            byte[] name = new byte[length];
            hashes.add(NameHash.of(name));
            names++;
            for (int i = 0; i < length; i += 3) {
                name[i] = 'x';
                hashes.add(NameHash.of(name));
                names++;
            }
        }
        assertEquals(names, hashes.size());
    }

    /** What policies of another build of the programs would be found by. */
    @Test
    void hash_isTheSameEverywhere() {
        assertEquals(expected("passwd"), NameHash.of("passwd".getBytes(UTF_8)));
    }

    /** One round, by hand: the name and two zeros as a little-endian number. */
    private static long expected(String sixBytes) {
        long word = 0;
        for (int i = 5; i >= 0; i--) {
            word = word << 8 | sixBytes.charAt(i);
        }
        long hash = ((0x6a09e667f3bcc908L ^ 6) ^ word) * 0x9e3779b97f4a7c15L;
        return hash ^ hash >>> 29;
    }
}
