// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code garrison trust}, as far as no fs-verity is needed: the guests' suite goes on from there. */
class TrustCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    @TempDir
    Path folder;
    private Path loader;

    @BeforeEach
    void file() throws IOException {
        loader = Files.write(folder.resolve("loader"), new byte[10_000]);
    }

    private int garrison(Object... words) {
        String[] arguments = new String[words.length];
        for (int i = 0; i < words.length; i++) {
            arguments[i] = words[i].toString();
        }
        return GarrisonCommand.execute(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    private Path init(String name) {
        assertEquals(0, garrison("trust", "init", folder.resolve(name)), err::toString);
        return folder.resolve(name + ".pem");
    }

    @Test
    void list_signedAndVerified_andTheWrongKeyAndAnAlteredFileAreTold() throws IOException {
        Path certificate = init("a");
        Path other = init("b");
        Path list = folder.resolve("list");
        assertEquals(0, garrison("trust", "sign", "--key", folder.resolve("a.key"), "--certificate", certificate, "--list", list, loader));
        assertEquals(0, garrison("trust", "sign", "--key", folder.resolve("a.key"), "--certificate", certificate, "--list", list, loader));
        assertEquals(1, Files.readAllLines(list).size(), "a second signature takes the place of the first");
        assertEquals(0, garrison("trust", "verify", "--certificate", certificate, "--list", list, loader), err::toString);
        assertEquals(1, garrison("trust", "verify", "--certificate", other, "--list", list, loader));
        assertTrue(err.toString().contains("whose certificate is no anchor"), err::toString);
        Files.write(loader, new byte[10_001]);
        assertEquals(1, garrison("trust", "verify", "--certificate", certificate, "--list", list, loader));
        assertTrue(err.toString().contains("altered"), err::toString);
    }

    @Test
    void keystore_opensWithItsPassphraseOnly_fromAFileOfItsOwner() throws IOException {
        Path good = secret("good", "correct horse", "rw-------");
        Path wrong = secret("wrong", "battery", "rw-------");
        Path open = secret("open", "correct horse", "rw-r--r--");
        assertEquals(0, garrison("trust", "init", "--pkcs12", "--passphrase-file", good, folder.resolve("k")), err::toString);
        Path store = folder.resolve("k.p12");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(store)));
        assertEquals(1, garrison("trust", "sign", "--keystore", store, "--passphrase-file", wrong, "--detached", loader));
        assertTrue(err.toString().contains("password was incorrect"), err::toString);
        assertEquals(1, garrison("trust", "sign", "--keystore", store, "--passphrase-file", open, "--detached", loader));
        assertTrue(err.toString().contains("chmod 600"), err::toString);
        assertEquals(0, garrison("trust", "sign", "--keystore", store, "--passphrase-file", good, "--detached", loader), err::toString);
        byte[] first = Files.readAllBytes(folder.resolve("loader.sig"));
        assertEquals(0, garrison("trust", "sign", "--keystore", store, "--passphrase-file", good, "--detached", loader));
        assertArrayEquals(first, Files.readAllBytes(folder.resolve("loader.sig")), "the same file, key and form: the same bytes");
    }

    /** The release is signed: another version with the same signature is not good. */
    @Test
    void release_isSignedWithTheFile() throws IOException {
        Path certificate = init("a");
        Path list = folder.resolve("list");
        Object[] sign = {"trust", "sign", "--key", folder.resolve("a.key"), "--certificate", certificate, "--list", list, "--release",
            "mytracer:3", loader};
        assertEquals(0, garrison(sign), err::toString);
        assertEquals(0, garrison("trust", "verify", "--certificate", certificate, "--list", list, loader), err::toString);
        String[] line = Files.readString(list).strip().split(" ", 2);
        byte[] kept = Base64.getDecoder().decode(line[0]);
        assertEquals("GRelease", new String(kept, 0, 8, StandardCharsets.US_ASCII));
        kept[8] = 4;
        Files.writeString(list, Base64.getEncoder().encodeToString(kept) + " " + line[1] + "\n");
        assertEquals(1, garrison("trust", "verify", "--certificate", certificate, "--list", list, loader));
        assertTrue(err.toString().contains("altered"), err::toString);
        Files.writeString(list, Base64.getEncoder().encodeToString(Arrays.copyOfRange(kept, 32, kept.length)) + " " + line[1] + "\n");
        assertEquals(1, garrison("trust", "verify", "--certificate", certificate, "--list", list, loader), "without it neither");
    }

    /** All or none; and what a file is called, and its version, stays. */
    @Test
    void rotate_signsAnewWhatWasGood_orNothing() throws IOException {
        Path old = init("old");
        Path next = init("next");
        Path list = folder.resolve("list");
        Path second = Files.write(folder.resolve("second"), new byte[20_000]);
        assertEquals(0, garrison("trust", "sign", "--key", folder.resolve("old.key"), "--certificate", old, "--list", list, "--release",
                "mytracer:3", loader), err::toString);
        Object[] rotate = {"trust", "rotate", "--from", old, "--key", folder.resolve("next.key"), "--certificate", next, "--list", list, loader,
            second};
        String before = Files.readString(list);
        assertEquals(1, garrison(rotate));
        assertTrue(err.toString().contains("second: is not in"), err::toString);
        assertEquals(before, Files.readString(list));
        assertEquals(0, garrison("trust", "sign", "--key", folder.resolve("old.key"), "--certificate", old, "--list", list, second));
        assertEquals(0, garrison(rotate), err::toString);
        assertEquals(0, garrison("trust", "verify", "--certificate", next, "--list", list, loader, second), err::toString);
        assertEquals(1, garrison("trust", "verify", "--certificate", old, "--list", list, loader));
        byte[] kept = Base64.getDecoder().decode(Files.readAllLines(list).getFirst().split(" ")[0]);
        assertEquals("GRelease", new String(kept, 0, 8, StandardCharsets.US_ASCII));
        assertEquals(1, garrison(rotate), "they are not the old key's any more");
        assertEquals(2, garrison("trust", "rotate", "--key", folder.resolve("next.key"), "--certificate", next, loader));
        assertTrue(err.toString().contains("--from is missing"), err::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mytracer", "mytracer:x", ":3", "any:3", "mytracer:-1", "mytracer:4294967296", "a-name-of-more-than-20-bytes:1"})
    void release_thatCannotBeSigned_isTold(String release) {
        Path certificate = init("a");
        assertEquals(1, garrison("trust", "sign", "--key", folder.resolve("a.key"), "--certificate", certificate, "--detached", "--release",
                release, loader));
        assertTrue(err.toString().contains("release"), err::toString);
    }

    private Path secret(String name, String text, String mode) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text + "\n");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    @Test
    void keys_bothOrNone_areAskedFor() {
        assertEquals(2, garrison("trust", "sign", loader));
        assertTrue(err.toString().contains("--keystore"), err::toString);
        assertEquals(2, garrison("trust"));
    }

    @Test
    void keys_areNeverWrittenOver() {
        init("once");
        assertEquals(1, garrison("trust", "init", folder.resolve("once")));
        assertTrue(err.toString().contains("never written over"), err::toString);
    }
}
