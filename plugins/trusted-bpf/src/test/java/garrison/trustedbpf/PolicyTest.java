// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.framework.trust.SigningKey;
import garrison.spi.ConfigurationException;
import garrison.spi.FileId;
import garrison.spi.Settings;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
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
                () -> assertEquals(0, keys.getLong(24)), () -> assertEquals(-2, keys.getInt(40)), () -> assertEquals(2, values.getLong(24)));
    }

    /** "all" is every command, those of newer kernels too; a word names one bit. */
    @Test
    void permissions_areBitsOfCommands() {
        assertEquals(-1, Permission.read(settings("c = all"), "c"));
        assertEquals(1L << 5 | 1L << 36, Permission.read(settings("c = [ prog-load, TOKEN_CREATE ]"), "c"));
        assertEquals(1L << 58, Permission.read(settings("c = perf_attach"), "c"));
        assertEquals("prog_stream_read_by_fd", Command.word(37));
        assertEquals("command_99", Command.word(99));
    }
}
