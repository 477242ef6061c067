// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LockTest {
    @TempDir
    Path folder;

    @Test
    void sitesThatWereAppended_areReadAgain_forTheirKernelOnly() throws IOException {
        Path file = folder.resolve("lock");
        Lock.append(file, "aa", new Lock.Site(Sensor.COMMIT_CREDS, 0x1f3c0), "somewhere+0x10/0x20");
        Lock.append(file, "bb", new Lock.Site(Sensor.OVERRIDE_CREDS, 0x10), "elsewhere+0x1/0x2");
        assertEquals(new Lock.Content(Set.of(new Lock.Site(Sensor.COMMIT_CREDS, 0x1f3c0)), 1), Lock.parse(file, Files.readAllBytes(file), "aa"));
        assertEquals(new Lock.Content(Set.of(), 2), Lock.parse(file, Files.readAllBytes(file), "cc"));
    }

    /** A terminal shows what follows a carriage return in the place of what stood before it. */
    @Test
    void nothingWithinAComment_isASite() {
        byte[] bytes = "# one\raa commit_creds 10\naa commit_creds 20 # two\raa commit_creds 30\r\n".getBytes(StandardCharsets.UTF_8);
        assertEquals(Set.of(new Lock.Site(Sensor.COMMIT_CREDS, 0x20)), Lock.parse(folder, bytes, "aa").sites());
    }

    @ParameterizedTest
    @ValueSource(strings = {"aa commit_creds nonsense", "aa commit_creds", "aa commit_creds 10 20", "aa credentials 10", "aa nobodys_function 10",
        "other commit_creds 10", "aa commit_creds -10", "aa commit_creds 123456789", "\0\1\2"})
    void lineThatIsNoSite_isNamedWithFileAndLine(String line) {
        Path file = folder.resolve("lock");
        GarrisonException refused = assertThrows(GarrisonException.class,
                () -> Lock.parse(file, ("# mine\n\n" + line + "\n").getBytes(StandardCharsets.UTF_8), "aa"));
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
