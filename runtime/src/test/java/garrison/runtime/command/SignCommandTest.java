// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code garrison sign}, with files that only look like objects: nothing here goes to the kernel. */
class SignCommandTest {
    private static final byte[] OBJECT = "\177ELF and then some".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path folder;

    private StringWriter out;
    private StringWriter err;
    private Path object;
    private Path jar;

    @BeforeEach
    void write() throws IOException {
        object = Files.write(folder.resolve("word.bpf.o"), OBJECT);
        jar = folder.resolve("word.jar");
        bundle(jar, OBJECT);
        assertEquals(0, sign("--new-key", folder.resolve("release").toString(), "--days", "3"));
    }

    /** With a stored and a deflated entry, two objects, and what is none. */
    private static void bundle(Path jar, byte[] first) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar); ZipOutputStream zip = new ZipOutputStream(file)) {
            zip.putNextEntry(new ZipEntry("META-INF/MANIFEST.MF"));
            zip.write("Manifest-Version: 1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            zip.putNextEntry(new ZipEntry("bpf/word.bpf.o"));
            zip.write(first);
            ZipEntry stored = new ZipEntry("bpf/other.bpf.o");
            stored.setMethod(ZipEntry.STORED);
            stored.setSize(OBJECT.length);
            CRC32 crc = new CRC32();
            crc.update(OBJECT);
            stored.setCrc(crc.getValue());
            zip.putNextEntry(stored);
            zip.write(OBJECT);
            zip.putNextEntry(new ZipEntry("readme"));
            zip.write("text".getBytes(StandardCharsets.US_ASCII));
        }
    }

    private int sign(String... arguments) {
        out = new StringWriter();
        err = new StringWriter();
        List<String> words = new ArrayList<>(List.of("sign"));
        words.addAll(List.of(arguments));
        return GarrisonCommand.execute(new PrintWriter(out, true), new PrintWriter(err, true), words.toArray(String[]::new));
    }

    private int withKey(Path file) {
        return sign("--key", folder.resolve("release.key").toString(), "--certificate", folder.resolve("release.pem").toString(),
                file.toString());
    }

    private int verify(Path... files) {
        List<String> words = new ArrayList<>(List.of("--verify", "--certificate", folder.resolve("release.pem").toString()));
        List.of(files).forEach(f -> words.add(f.toString()));
        return sign(words.toArray(String[]::new));
    }

    private static List<String> entries(Path zip) throws IOException {
        try (ZipFile file = new ZipFile(zip.toFile())) {
            return file.stream().map(ZipEntry::getName).toList();
        }
    }

    private void assertFails(int status, String words) {
        assertEquals(1, status, out.toString());
        assertTrue(err.toString().startsWith("garrison: ") && err.toString().contains(words), err.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
    }

    @Test
    void objectSigned_isVerified_andNotWhenItIsAltered() throws IOException {
        assertFails(verify(object), "it is unsigned");
        assertEquals(0, withKey(object), err.toString());
        assertTrue(Files.exists(folder.resolve("word.bpf.o.p7s")));
        assertEquals(0, verify(object), err.toString());
        assertTrue(out.toString().contains("word.bpf.o, signed by CN=release"), out.toString());
        Files.write(object, new byte[] {'!'}, java.nio.file.StandardOpenOption.APPEND);
        assertFails(verify(object), "altered");
    }

    /** What is no real object has none; a real one has, and what was of other bytes does not stay. */
    @Test
    void lightSkeleton_isSignedWithItsObject_andVerifiedWithIt() throws IOException {
        Path skeleton = folder.resolve("word.bpf.o.lskel.p7s");
        assertEquals(0, withKey(object), err.toString());
        assertTrue(out.toString().contains("without a light skeleton: word.bpf.o"), out.toString());
        assertFalse(Files.exists(skeleton));
        Path real = Path.of("../bpf/target/objects/file_guard.bpf.o");
        Files.copy(real, object, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertEquals(0, withKey(object), err.toString());
        assertTrue(out.toString().contains("and its light skeleton for the kernel"), out.toString());
        assertEquals(0, verify(object), err.toString());
        assertTrue(out.toString().contains("word.bpf.o and its light skeleton, signed by"), out.toString());
        bundle(jar, Files.readAllBytes(real));
        assertEquals(0, withKey(jar), err.toString());
        assertEquals(List.of("META-INF/MANIFEST.MF", "bpf/word.bpf.o", "bpf/word.bpf.o.p7s", "bpf/word.bpf.o.lskel.p7s", "bpf/other.bpf.o",
                "bpf/other.bpf.o.p7s", "readme"), entries(jar));
        assertEquals(0, verify(jar), err.toString());
        Files.copy(folder.resolve("word.bpf.o.p7s"), skeleton, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertFails(verify(object), "word.bpf.o as a light skeleton is not trusted");
        Files.write(object, OBJECT);
        assertEquals(0, withKey(object), err.toString());
        assertFalse(Files.exists(skeleton));
    }

    @Test
    void bundleSigned_keepsItsEntriesOrderAndPermissions_andSigningAgainChangesNothing() throws IOException {
        Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-r-----"));
        assertEquals(0, withKey(jar), err.toString());
        assertEquals(List.of("META-INF/MANIFEST.MF", "bpf/word.bpf.o", "bpf/word.bpf.o.p7s", "bpf/other.bpf.o", "bpf/other.bpf.o.p7s",
                "readme"), entries(jar));
        assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(jar)));
        assertEquals(0, verify(jar), err.toString());
        assertEquals(2, out.toString().lines().count(), out.toString());
        byte[] once = Files.readAllBytes(jar);
        assertEquals(0, withKey(jar));
        assertArrayEquals(once, Files.readAllBytes(jar));
        try (var left = Files.list(folder)) {
            assertFalse(left.anyMatch(f -> f.toString().endsWith(".part")));
        }
    }

    @Test
    void bundleSignedByAnother_isNotVerified_andSignedAnew() {
        assertEquals(0, sign("--new-key", folder.resolve("other").toString(), jar.toString()), err.toString());
        assertEquals(1, verify(jar));
        assertEquals(2, err.toString().lines().filter(l -> l.contains("whose certificate is no anchor")).count(), err.toString());
        assertEquals(0, withKey(jar));
        assertEquals(0, verify(jar), err.toString());
    }

    @Test
    void lockSigned_isVerified_andNotWhenItIsAltered() throws IOException {
        Path lock = Files.writeString(folder.resolve("cfi.lock"), "# reviewed\n\n1a2b commit_creds 9f3c0 # somewhere+0x10/0x20\n");
        assertFails(verify(lock), "it is unsigned");
        assertEquals(0, withKey(lock), err.toString());
        assertEquals(0, verify(lock), err.toString());
        assertTrue(out.toString().contains("cfi.lock, signed by CN=release"), out.toString());
        Files.writeString(lock, "1a2b commit_creds 9f3c1\n", java.nio.file.StandardOpenOption.APPEND);
        assertFails(verify(lock), "altered");
    }

    /** The last one shows in a terminal as a site of its own, and is none. */
    @ParameterizedTest
    @ValueSource(strings = {"\177ELF", "1a2b commit_creds", "1a2b commit_creds 9f3c0 and more", "me commit_creds 10",
        "# hidden\r1a2b commit_creds 10"})
    void textThatIsNoLock_isNotSigned(String line) throws IOException {
        Path lock = Files.writeString(folder.resolve("cfi.lock"), "1a2b commit_creds 9f3c0\n" + line + "\n");
        assertFails(withKey(lock), lock + ":2: no call site");
        assertFalse(Files.exists(folder.resolve("cfi.lock.p7s")));
    }

    @Test
    void symbolicLink_isFollowedAndStaysOne() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link.jar"), jar);
        assertEquals(0, withKey(link), err.toString());
        assertTrue(Files.isSymbolicLink(link));
        assertEquals(0, verify(jar), err.toString());
    }

    @Test
    void wrongFile_isOneClearError_andNothingIsMadeOrChanged() throws IOException {
        byte[] before = Files.readAllBytes(jar);
        Path text = Files.writeString(folder.resolve("text.bpf.o"), "no object");
        Path empty = folder.resolve("empty.jar");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(empty))) {
            zip.putNextEntry(new ZipEntry("readme"));
        }
        Path noJar = Files.writeString(folder.resolve("no.jar"), "no jar");
        String key = folder.resolve("fresh").toString();
        assertFails(sign("--new-key", key, jar.toString(), text.toString()), text + ": is no BPF object");
        assertFails(sign("--new-key", key, jar.toString(), empty.toString()), empty + ": holds no BPF object");
        assertFails(sign("--new-key", key, jar.toString(), noJar.toString()), noJar + ": cannot be read");
        assertFails(sign("--new-key", key, jar.toString(), folder.resolve("none.jar").toString()), "none.jar: there is no such file");
        assertFalse(Files.exists(folder.resolve("fresh.key")));
        assertArrayEquals(before, Files.readAllBytes(jar));
    }

    @Test
    void wrongKey_isOneClearError() throws IOException {
        assertFails(sign("--new-key", folder.resolve("release").toString()), "is there already");
        assertEquals(0, sign("--new-key", folder.resolve("other").toString()));
        assertFails(sign("--key", folder.resolve("other.key").toString(), "--certificate", folder.resolve("release.pem").toString(),
                object.toString()), "is not the key of the certificate");
        assertFails(sign("--key", object.toString(), "--certificate", folder.resolve("release.pem").toString(), object.toString()),
                "holds no key in PKCS#8");
        assertFails(sign("--key", folder.resolve("other.key").toString(), "--certificate", object.toString(), object.toString()),
                "--certificate names " + object);
        assertFails(sign("--new-key", folder.resolve("no/such/folder").toString()), "cannot be written");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x.jar", "--key k x.jar", "--certificate c x.jar", "--key k --certificate c", "--new-key n --key k x.jar",
        "--verify x.jar", "--verify --certificate c", "--verify --certificate c --key k x.jar", "--new-key n --days 0"})
    void wrongCommandLine_endsWith2(String line) {
        assertEquals(2, sign(line.isEmpty() ? new String[0] : line.split(" ")), err.toString());
    }
}
