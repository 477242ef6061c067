// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockTest {
    @TempDir
    Path folder;

    @Test
    void sitesThatWereAppended_areReadAgain_forTheirKernelOnly() throws IOException {
        Path file = folder.resolve("lock");
        Lock.append(file, "aa", new Lock.Site(Sensor.COMMIT_CREDS, 0x1f3c0), "somewhere+0x10/0x20");
        Lock.append(file, "bb", new Lock.Site(Sensor.OVERRIDE_CREDS, 0x10), "elsewhere+0x1/0x2");
        assertEquals(Set.of(new Lock.Site(Sensor.COMMIT_CREDS, 0x1f3c0)), Lock.read(file, "aa"));
        assertEquals(Set.of(), Lock.read(folder.resolve("none"), "aa"));
    }

    @Test
    void lineThatIsNoSite_isNamedWithFileAndLine() throws IOException {
        Path file = Files.writeString(folder.resolve("lock"), "# mine\n\naa commit_creds nonsense\n");
        GarrisonException refused = assertThrows(GarrisonException.class, () -> Lock.read(file, "aa"));
        assertTrue(refused.getMessage().startsWith(file + ":3: "), refused.getMessage());
    }

    @Test
    void buildId_isTheOneOfTheGnuNote() {
        ByteBuffer notes = ByteBuffer.allocate(64).order(ByteOrder.nativeOrder());
        notes.putInt(6).putInt(4).putInt(1).put("Linux\0\0\0".getBytes()).putInt(7);
        notes.putInt(4).putInt(4).putInt(3).put("GNU\0".getBytes()).put(new byte[] {1, 2, (byte) 0xfe, 4});
        assertEquals("0102fe04", Lock.buildId(notes.array()));
    }

    @Test
    void notesWithoutBuildId_areRefused() {
        assertThrows(GarrisonException.class, () -> Lock.buildId(new byte[16]));
    }
}
