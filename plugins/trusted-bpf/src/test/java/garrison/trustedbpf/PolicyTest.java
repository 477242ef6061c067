// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.framework.trust.SigningKey;
import garrison.spi.ConfigurationException;
import garrison.spi.FileId;
import garrison.spi.Settings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the configuration may say, what each mistake is answered, and what of it the kernel gets. */
class PolicyTest {
    @TempDir
    static Path folder;

    @BeforeAll
    static void certificates() {
        SigningKey.create("a", Duration.ofDays(1)).write(folder.resolve("a.key"), folder.resolve("a.pem"));
        SigningKey.create("b", Duration.ofDays(1)).write(folder.resolve("b.key"), folder.resolve("b.pem"));
    }

    private static Settings settings(String hocon) {
        try {
            Path file = Files.writeString(folder.resolve("gate.conf"), hocon.replace("FOLDER", folder.toString()));
            return Settings.of(ConfigFactory.parseFile(file.toFile()).resolve(), "garrison.plugins.trusted-bpf");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void certificates_areSortedByWhatHoldsNow() {
        Settings settings = settings("certificates = [ FOLDER/a.pem, FOLDER/b.pem ], revoked = [ FOLDER/b.pem ]");
        Policy now = Policy.read(settings, Instant.now());
        Policy later = Policy.read(settings, Instant.now().plus(Duration.ofDays(3)));
        assertAll(() -> assertEquals("CN=a", Policy.name(now.good().getFirst())),
                () -> assertEquals(1, now.good().size()), () -> assertEquals(0, now.expired().size()),
                () -> assertEquals("CN=b", Policy.name(now.revoked().getFirst())),
                () -> assertEquals(0, later.good().size()), () -> assertEquals("CN=a", Policy.name(later.expired().getFirst())));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "certificates = [ a.pem ] | certificates | relative path",
        "certificates = [ FOLDER/none.pem ] | certificates | no such file",
        "certificates = [ FOLDER/a.key ] | certificates | certificate",
        "certificate = [ ] | certificate | certificates",
        "signatures = FOLDER/none | signatures | trust sign --list",
        "exceptions = [ { name = x, commands = all } ] | executable | uid",
        "exceptions = [ { name = x, uid = 0 } ] | commands | missing",
        "exceptions = [ { name = x, uid = 0, commands = prog_laod } ] | commands | prog_load",
        "revoked-digests = [ 12ab ] | revoked-digests | trust revoke",
        "certificates = [ FOLDER/a.pem ], interpreters = [ FOLDER/a.pem ] | interpreters | key of their own",
        "programs = sgned | programs | signed",
        "minimum-versions { a = -1 } | minimum-versions.a | 0",
        "minimum-versions { a-name-of-more-than-20-bytes = 1 } | a-name-of-more-than-20-bytes | --release",
        "minimum-versions = 3 | minimum-versions | object",
        "protect-process = perhaps | protect-process | true",
        "audit-only = [ prog_laod ] | audit-only | prog_load",
        "exceptions = [ { name = x, uid = 4294967295, commands = all } ] | uid | 4294967294",
        "exceptions = [ { name = x, uid = 0, commands = all }, { name = x, uid = 1, commands = all } ] | name | two exceptions",
    })
    void mistake_isToldWithKeyAndRemedy(String hocon, String key, String remedy) {
        String message = assertThrows(ConfigurationException.class, () -> Policy.read(settings(hocon))).getMessage();
        assertAll(message, () -> assertTrue(message.contains("gate.conf"), "the file"), () -> assertTrue(message.contains(key), "the key"),
                () -> assertTrue(message.contains(remedy), "the remedy"));
    }

    @Test
    void list_isReadLineByLine_andABadLineIsTold() throws IOException {
        String good = Base64.getEncoder().encodeToString(new byte[] {1, 2, 3});
        Files.writeString(folder.resolve("list"), "# loaders\n\n" + good + " /opt/a loader\n");
        ListedFile file = Policy.read(settings("signatures = FOLDER/list")).listed().getFirst();
        assertEquals(Path.of("/opt/a loader"), file.path());
        for (String bad : new String[] {"%%% /opt/x", good + " opt/x", good, Base64.getEncoder().encodeToString(new byte[1024]) + " /opt/x"}) {
            Files.writeString(folder.resolve("list"), "# loaders\n" + bad + "\n");
            String message = assertThrows(ConfigurationException.class, () -> Policy.read(settings("signatures = FOLDER/list"))).getMessage();
            assertTrue(message.contains("line 2"), message);
        }
    }

    @Test
    void exceptions_ofOneSubject_becomeOneEntry() {
        PolicyEntries entries = new PolicyEntries();
        FileId file = new FileId(0x800001, 12, 7);
        entries.exception(Optional.of(file), OptionalLong.empty(), 1);
        entries.exception(Optional.of(file), OptionalLong.empty(), 4);
        entries.exception(Optional.empty(), OptionalLong.of(4294967294L), 2);
        PolicyEntries.Table table = entries.policy();
        var keys = table.keys().order(ByteOrder.nativeOrder());
        var values = table.values().order(ByteOrder.nativeOrder());
        assertAll(() -> assertEquals(2, table.count()), () -> assertEquals(12, keys.getLong(0)), () -> assertEquals(2, keys.getInt(8)),
                () -> assertEquals(0x800001, keys.getInt(12)), () -> assertEquals(-1, keys.getInt(16)),
                () -> assertEquals(5, values.getLong(0)), () -> assertEquals(7, values.getInt(8)),
                () -> assertEquals(0, keys.getLong(24)), () -> assertEquals(-2, keys.getInt(40)), () -> assertEquals(2, values.getLong(32)));
    }

    @Test
    void auditOnly_isOneEntryOfBits() {
        Policy.AuditOnly some = Policy.read(settings("audit-only = [ map_create, prog-load ]")).auditOnly();
        PolicyEntries entries = new PolicyEntries();
        entries.auditOnly(some.bits());
        var keys = entries.policy().keys().order(ByteOrder.nativeOrder());
        var values = entries.policy().values().order(ByteOrder.nativeOrder());
        assertAll(() -> assertEquals(List.of("map_create", "prog-load"), some.words()), () -> assertEquals(1 | 1 << 5, some.bits()),
                () -> assertEquals(6, keys.getInt(8)), () -> assertEquals(1 | 1 << 5, values.getLong(0)),
                () -> assertEquals(0, Policy.read(settings("")).auditOnly().bits()));
    }

    @Test
    void digest_thatIsRevoked_isAnEntryOfItsFirstBytes() {
        byte[] digest = Policy.read(settings("revoked-digests = [ \"sha256:" + "0123456789ABCDEF".repeat(4) + "\" ]")).revokedDigests().getFirst();
        PolicyEntries entries = new PolicyEntries();
        entries.revoked(digest);
        var keys = entries.policy().keys().order(ByteOrder.nativeOrder());
        var expected = ByteBuffer.wrap(digest).order(ByteOrder.nativeOrder());
        assertAll(() -> assertEquals(32, digest.length), () -> assertEquals(1, entries.policy().count()),
                () -> assertEquals(expected.getLong(0), keys.getLong(0)), () -> assertEquals(3, keys.getInt(8)),
                () -> assertEquals(expected.getInt(8), keys.getInt(12)), () -> assertEquals(expected.getInt(16), keys.getInt(20)));
    }

    /** The name fills the key; that of all others is empty. Versions are unsigned. */
    @Test
    void minimumVersions_areEntriesOfTheirNames() {
        assertEquals(Map.of("any", 1L, "mytracer", 4294967295L),
                Policy.read(settings("minimum-versions { mytracer = 4294967295, any = 1 }")).minimumVersions());
        PolicyEntries entries = new PolicyEntries();
        entries.minimum("mytracer, the second", 3);
        entries.minimum("", 4294967295L);
        var keys = entries.policy().keys().order(ByteOrder.nativeOrder());
        var values = entries.policy().values().order(ByteOrder.nativeOrder());
        var name = ByteBuffer.wrap("mytracer, the second".getBytes(StandardCharsets.US_ASCII)).order(ByteOrder.nativeOrder());
        assertAll(() -> assertEquals(2, entries.policy().count()), () -> assertEquals(name.getLong(0), keys.getLong(0)),
                () -> assertEquals(4, keys.getInt(8)), () -> assertEquals(name.getInt(8), keys.getInt(12)),
                () -> assertEquals(name.getInt(16), keys.getInt(20)), () -> assertEquals(3, values.getInt(28)),
                () -> assertEquals(0, keys.getLong(24)), () -> assertEquals(0, keys.getInt(44)), () -> assertEquals(-1, values.getInt(60)));
    }

    @Test
    void keys_areGuardedBySerial_forTheOperationsThatChangeThem() {
        PolicyEntries entries = new PolicyEntries();
        entries.guard(7, KeyOperation.KEEPER);
        entries.guard(9, KeyOperation.OWN);
        var keys = entries.policy().keys().order(ByteOrder.nativeOrder());
        var values = entries.policy().values().order(ByteOrder.nativeOrder());
        assertAll(() -> assertEquals(7, keys.getLong(0)), () -> assertEquals(5, keys.getInt(8)),
                () -> assertEquals(0, values.getLong(0) & 1L << 9, "unlinking anything else from the keeper"),
                () -> assertEquals(1L << 7, values.getLong(0) & 1L << 7, "clearing it"),
                () -> assertEquals(1L << 9, values.getLong(32) & 1L << 9), () -> assertEquals("invalidate", KeyOperation.word(21)),
                () -> assertEquals("operation_40", KeyOperation.word(40)));
    }

    /** The file goes into the table once, and the program is told from the others. */
    @Test
    void ownFiles_underTwoNames_areOneEntry() {
        FileId java = new FileId(1, 2, 3);
        PolicyEntries.Table table = PolicyEntries.own(java, List.of(java, new FileId(1, 9, 0), new FileId(1, 9, 0)));
        var values = table.values().order(ByteOrder.nativeOrder());
        assertAll(() -> assertEquals(2, table.count()), () -> assertEquals(2, values.getInt(0)), () -> assertEquals(1, values.getInt(4)));
    }

    @Test
    void successor_ofThisProcess_isThisJavaWithItsFiles() throws IOException {
        Successor successor = Successor.ofThisProcess();
        var encoded = ByteBuffer.wrap(successor.encoded()).order(ByteOrder.nativeOrder());
        byte[] executable = successor.executable().toString().getBytes(StandardCharsets.UTF_8);
        byte[] known = new byte[executable.length + 1];
        encoded.get(32, known);
        assertAll(() -> assertEquals(32 + 5 * 256 + 8192, encoded.capacity()),
                () -> assertArrayEquals(Arrays.copyOf(executable, known.length), known),
                () -> assertEquals(Files.readAllBytes(Path.of("/proc/self/cmdline")).length, encoded.getInt(4)),
                () -> assertEquals('/', encoded.get(32 + 256 + successor.places().getFirst().toString().length())),
                () -> assertTrue(successor.files().stream().anyMatch(file -> file.endsWith("lib/modules")), "the classes of Java"),
                () -> assertTrue(successor.files().stream().anyMatch(file -> file.toString().contains("libc.so")), "its libraries"));
    }

    @Test
    void successor_withMoreArgumentsThanTheKernelCompares_isNone() {
        Successor successor = new Successor(Path.of("/usr/bin/java"), new byte[9000], List.of(Path.of("/usr/lib/jvm")), List.of());
        assertTrue(successor.obstacle().contains("9000 bytes of arguments"), successor::obstacle);
        assertEquals("", new Successor(Path.of("/usr/bin/java"), new byte[90], List.of(), List.of()).obstacle());
        assertTrue(new Successor(Path.of("/" + "x".repeat(300)), new byte[90], List.of(), List.of()).obstacle().contains("longer"));
    }

    @ParameterizedTest
    @CsvSource({"quiet garrison.trust=off,true", "garrison.trust=on,false", "xgarrison.trust=off,false", "garrison.trust=offline,false",
        "'',false"})
    void bootParameter_isAWordOfItsOwn(String commandLine, boolean broken) {
        assertEquals(broken, BreakGlass.broken(commandLine + "\n"));
    }

    /** "all" is every command, those of newer kernels too; a word names one bit. */
    @Test
    void permissions_areBitsOfCommands() {
        assertEquals(-1, Permission.read(settings("c = all"), "c"));
        assertEquals(1L << 5 | 1L << 36, Permission.read(settings("c = [ prog-load, TOKEN_CREATE ]"), "c"));
        assertEquals(1L << 58 | 1L << 62, Permission.read(settings("c = [ perf_attach, net-attach ]"), "c"));
        assertEquals("prog_stream_read_by_fd", Command.word(37));
        assertEquals("command_99", Command.word(99));
    }
}
