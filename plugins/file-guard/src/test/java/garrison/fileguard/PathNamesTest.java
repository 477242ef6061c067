// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Paths as the kernel's programs collect them: the last name first, a NUL after each. */
class PathNamesTest {
    private static final Path PLACE = Path.of("/mnt/above/guarded");

    @Test
    void names_belowAPlace_makeItsPath() {
        PathNames names = names(false, "file", "folder", "guarded", "above");
        assertAll(
                () -> assertEquals("/mnt/above/guarded/folder/file", names.below(PLACE, 2)),
                () -> assertEquals("/mnt/above/guarded", names.below(PLACE, 0)),
                () -> assertEquals("/folder/file", names.below(Path.of("/"), 2)));
    }

    @Test
    void otherPath_isToldFromWhereItsFileSystemIsMounted() {
        String mountPoint = names(false, "file", "guarded", "above").mountPoint(PLACE, 1);
        assertAll(
                () -> assertEquals("/mnt", mountPoint),
                () -> assertEquals("/mnt/outside/evil", names(false, "evil", "outside").from(mountPoint)));
    }

    @Test
    void place_seenThroughABindMount_tellsNoMountPoint() {
        assertEquals("", names(false, "file", "elsewhere").mountPoint(PLACE, 1));
    }

    @Test
    void path_thatWasCut_showsTheGap() {
        PathNames names = names(true, "file", "deep");
        assertAll(
                () -> assertEquals("/mnt/above/guarded/…/deep/file", names.below(PLACE, 40)),
                () -> assertEquals("…/deep/file", names.from("/mnt")));
    }

    @Test
    void bytes_thatAreNoUtf8_areWrittenInHexadecimal() {
        assertAll(
                () -> assertEquals("/mnt/above/guarded/a\\xffb", names(new byte[] {'a', (byte) 0xff, 'b'}).below(PLACE, 1)),
                () -> assertEquals("/mnt/above/guarded/\\xc3", names(new byte[] {(byte) 0xc3}).below(PLACE, 1)),
                () -> assertEquals("/mnt/above/guarded/ü\\xe2\\x82", names(
                        new byte[] {(byte) 0xc3, (byte) 0xbc, (byte) 0xe2, (byte) 0x82}).below(PLACE, 1)),
                () -> assertEquals("/mnt/above/guarded/\\x5cxff", names(false, "\\xff").below(PLACE, 1), "no two names look the same"),
                () -> assertEquals("/mnt/above/guarded/line\nfeed", names(false, "line\nfeed").below(PLACE, 1)));
    }

    private static PathNames names(boolean cut, String... names) {
        byte[] bytes = (String.join("\0", names) + "\0").getBytes(StandardCharsets.UTF_8);
        return PathNames.read(bytes, 0, bytes.length, cut);
    }

    private static PathNames names(byte[] name) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes("before\0".getBytes(StandardCharsets.UTF_8));
        bytes.writeBytes(name);
        bytes.write(0);
        return PathNames.read(bytes.toByteArray(), 7, name.length + 1, false);
    }
}
