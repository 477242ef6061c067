// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import garrison.framework.libbpf.AttributeCalls;
import garrison.framework.trust.FileDigest;
import garrison.framework.trust.Loader;
import garrison.framework.trust.SigningKey;
import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Filesystem;
import garrison.itests.attack.Outcome;
import garrison.runtime.command.GarrisonCommand;
import garrison.spi.GarrisonException;
import garrison.spi.Mode;
import garrison.trustedbpf.BpfUseEvent;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;

/**
 * Every way in which a loader can fail to be one: each is the same program with something else wrong, may use BPF before the gate is
 * there, and may not with it, for a reason of its own.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LoaderTest {
    private static final String ATTEMPT = "bpf-map-create";

    private final Loaders loaders = new Loaders();
    private final SigningKey key = Keys.LOADERS;
    private final Path certificate = loaders.certificate(key, "loaders");
    private final Path secondCertificate = loaders.certificate(Keys.FOREIGN, "second");
    private final Path revokedCertificate = loaders.certificate(Keys.REVOKED, "revoked");
    private final Path expiredCertificate = loaders.certificate(
            Keys.EXPIRED.renewed("expired", Instant.now().minusSeconds(7200), Duration.ofSeconds(3600)), "expired");
    private final Map<String, Path> bad = new LinkedHashMap<>();
    private final Map<String, Outcome> ungated = new LinkedHashMap<>();
    private AttackProgram good;
    private AttackProgram goodBySecond;
    private Filesystem elsewhere;
    private Path attributeless;
    private Gate gate;

    @BeforeAll
    void start() throws IOException {
        bad.put("expired", loaders.signed("expired", Keys.EXPIRED).file());
        good = loaders.signed("good", key);
        goodBySecond = loaders.signed("good-by-second", Keys.FOREIGN);
        bad.put("wrong_key", loaders.signed("wrong-key", Keys.FOREIGN).file());
        bad.put("revoked", loaders.signed("revoked", Keys.REVOKED).file());
        bad.put("unsigned", loaders.copy("unsigned"));
        altered();
        Path garbage = loaders.copy("garbage");
        loaders.attach(garbage, "no signature at all".getBytes(StandardCharsets.US_ASCII));
        bad.put("malformed garbage", garbage);
        if (!Loaders.byList()) {
            withoutVerity();
        }
        bad.forEach((reason, file) -> ungated.put(reason, new AttackProgram(file).run(ATTEMPT)));
        gate = Gate.start(policy(List.of(certificate, expiredCertificate, revokedCertificate), List.of(revokedCertificate)));
    }

    private String policy(List<Path> certificates, List<Path> revocations) {
        return Gate.policy(Mode.ENFORCE, certificates, revocations, loaders.list(), "");
    }

    private void altered() throws IOException {
        byte[] signature = loaders.signature(key);
        Path file = loaders.copy("altered-file");
        Files.write(file, new byte[] {1}, StandardOpenOption.APPEND);
        loaders.attach(file, signature);
        bad.put("altered file", file);
        byte[] changed = signature.clone();
        changed[changed.length - 1] ^= 1;
        Path withChanged = loaders.copy("altered-signature");
        loaders.attach(withChanged, changed);
        bad.put("altered signature", withChanged);
        Path other = loaders.copy("other-data");
        loaders.attach(other, key.sign("something else".getBytes(StandardCharsets.US_ASCII)));
        bad.put("altered other data", other);
        // A digest of one kind is no digest of the other.
        Path otherKind = loaders.copy("other-kind");
        FileDigest.Kind kind = Loaders.byList() ? FileDigest.Kind.VERITY : FileDigest.Kind.CONTENT;
        loaders.attach(otherKind, key.sign(FileDigest.of(kind, otherKind).signedBytes()));
        bad.put("altered other kind of digest", otherKind);
    }

    private void withoutVerity() throws IOException {
        byte[] signature = loaders.signature(key);
        Path unsealed = loaders.copy("unsealed");
        new Loader(unsealed).attach(signature);
        bad.put("no_verity", unsealed);
        Path tooLong = loaders.copy("too-long");
        loaders.attach(tooLong, Arrays.copyOf(signature, Loader.LONGEST_SIGNATURE + 2));
        bad.put("too_long", tooLong);
        elsewhere = Filesystem.mount(Filesystem.Kind.TMPFS, Guest.scratch("elsewhere"));
        Path nowhere = Loaders.copy(elsewhere.folder().resolve("loader"));
        new Loader(nowhere).attach(signature);
        bad.put("no_verity_here", nowhere);
        Path empty = loaders.copy("empty");
        loaders.attach(empty, new byte[0]);
        bad.put("malformed empty", empty);
        Path zeros = loaders.copy("zeros");
        loaders.attach(zeros, new byte[32]);
        bad.put("malformed zeros", zeros);
        Path sealed = loaders.copy("sealed");
        new Loader(sealed).seal();
        bad.put("unsigned sealed", sealed);
        Path otherName = loaders.copy("other-name");
        Files.setAttribute(otherName, "user:garrison.signatures", ByteBuffer.wrap(signature));
        new Loader(otherName).seal();
        bad.put("unsigned under another attribute's name", otherName);
        attributeless = Files.createDirectories(Guest.scratch("attributeless").resolve("mounted"));
        Command.run("mount", "-t", "ramfs", "ramfs", attributeless.toString()).success();
        bad.put("unsigned where there are no attributes", Loaders.copy(attributeless.resolve("loader")));
    }

    @AfterAll
    void stop() {
        if (gate != null) {
            gate.close();
        }
        if (elsewhere != null) {
            elsewhere.close();
        }
        if (attributeless != null) {
            Command.run("umount", "-l", attributeless.toString()).success();
        }
        loaders.close();
    }

    /** The negative control. */
    @TestFactory
    Stream<DynamicTest> badLoader_withoutTheGate_isNobodysBusiness() {
        return ungated.entrySet().stream().map(e -> dynamicTest(e.getKey(), () -> assertEquals(0, e.getValue().exit(), e.getValue()::toString)));
    }

    @TestFactory
    Stream<DynamicTest> badLoader_isDenied_forItsOwnReason() {
        return bad.entrySet().stream().map(e -> dynamicTest(e.getKey(), () -> refused(e.getKey().split(" ")[0], new AttackProgram(e.getValue()))));
    }

    private void refused(String reason, AttackProgram program) {
        Outcome outcome = program.run(ATTEMPT);
        gate.settle();
        assertEquals(Outcome.EPERM, outcome.exit(), outcome::toString);
        List<BpfUseEvent> told = gate.uses(outcome.pid());
        assertEquals(List.of(reason), told.stream().map(BpfUseEvent::reason).toList(), told::toString);
        // What has a signature is told at exec already.
        assertEquals(reason.equals("unsigned") ? List.of() : List.of(reason),
                gate.trust(outcome.pid()).stream().map(event -> event.reason()).toList());
    }

    @Test
    void goodLoader_amongBadOnes_isTrusted() {
        Outcome outcome = good.run(ATTEMPT);
        assertEquals(0, outcome.exit(), outcome::toString);
    }

    /** A new key beside the old one, then instead of it, then the old one revoked: with the gate shut all the while. */
    @Test
    void keys_rotated_areTakenInTurn() {
        try {
            refused("wrong_key", goodBySecond);
            gate.reload(policy(List.of(certificate, secondCertificate), List.of()));
            assertAll(() -> assertEquals(0, good.run(ATTEMPT).exit()), () -> assertEquals(0, goodBySecond.run(ATTEMPT).exit()));
            gate.reload(policy(List.of(secondCertificate), List.of()));
            refused("wrong_key", good);
            gate.reload(policy(List.of(secondCertificate), List.of(certificate)));
            refused("revoked", good);
            assertEquals(0, goodBySecond.run(ATTEMPT).exit());
        } finally {
            gate.reload(policy(List.of(certificate, expiredCertificate, revokedCertificate), List.of(revokedCertificate)));
        }
    }

    /** Sealed or listed, the place of a good loader does not make another program one. */
    @Test
    void loader_replaced_isNotTrusted() throws IOException {
        AttackProgram program = loaders.signed("replaced", key);
        gate.reload(policy(List.of(certificate, expiredCertificate, revokedCertificate), List.of(revokedCertificate)));
        assertEquals(0, program.run(ATTEMPT).exit());
        Files.move(loaders.copy("replacement"), program.file(), StandardCopyOption.REPLACE_EXISTING);
        refused("unsigned", program);
    }

    /**
     * As the plugin's README tells it: signed apart from the machine, installed, checked, run. Only the long form makes its key by
     * the command line too, which takes Java long under emulation.
     */
    @Test
    void walkThrough_ofTheReadme_endsWithAnEnforcedMachine() throws IOException {
        Assumptions.assumeFalse(Loaders.byList(), "before 6.8 the list takes the place of two of its lines");
        WalkThrough walk = new WalkThrough(Guest.scratch("signer"), loaders.folder());
        assertTrue(walk.lines().size() < 10, () -> walk.lines().toString());
        try {
            for (String line : walk.lines()) {
                if (line.startsWith("garrison trust init") && !Guest.isLong()) {
                    walk.haveKey(Keys.FOREIGN);
                } else if (line.startsWith("garrison ")) {
                    garrison(line.substring("garrison ".length()));
                } else if (line.startsWith("systemctl ")) {
                    refused("wrong_key", new AttackProgram(walk.program()));
                    gate.reload(Files.readString(walk.configuration()));
                } else if (line.equals(walk.program().toString())) {
                    Outcome outcome = new AttackProgram(walk.program()).run(ATTEMPT);
                    assertEquals(0, outcome.exit(), outcome::toString);
                } else {
                    Command.run("sh", "-c", line).success();
                }
            }
            refused("wrong_key", good);
        } finally {
            gate.reload(policy(List.of(certificate, expiredCertificate, revokedCertificate), List.of(revokedCertificate)));
        }
    }

    /** The same before 6.8; then the key is revoked. */
    @Test
    void commandLine_fromKeyToTrustedLoader_byList() throws IOException {
        Assumptions.assumeTrue(Loaders.byList(), "the README's walk-through is for later kernels");
        Path home = Guest.scratch("signer");
        Path installed = Loaders.copy(loaders.folder().resolve("tracer"));
        Path list = home.resolve("list");
        Path own = home.resolve("walk.pem");
        garrison("trust sign " + oldKey(home) + " --list " + list + " " + installed);
        garrison("trust verify --certificate " + own + " --list " + list + " " + installed);
        AttackProgram tracer = new AttackProgram(installed);
        try {
            gate.reload(Gate.policy(Mode.ENFORCE, List.of(own), List.of(), list, ""));
            assertEquals(0, tracer.run(ATTEMPT).exit());
            gate.reload(Gate.policy(Mode.ENFORCE, List.of(certificate), List.of(own), list, ""));
            refused("revoked", tracer);
        } finally {
            gate.reload(policy(List.of(certificate, expiredCertificate, revokedCertificate), List.of(revokedCertificate)));
        }
    }

    private static String oldKey(Path home) {
        Keys.FOREIGN.write(home.resolve("walk.key"), home.resolve("walk.pem"));
        return "--key " + home.resolve("walk.key") + " --certificate " + home.resolve("walk.pem");
    }

    private static void garrison(String words) {
        StringWriter told = new StringWriter();
        PrintWriter to = new PrintWriter(told, true);
        assertEquals(0, GarrisonCommand.execute(to, to, words.split(" ")), () -> "garrison " + words + ": " + told);
    }

    /** Sealed are the contents; the signature may be taken away at any time, and put back. */
    @Test
    void signature_takenAway_andPutBack() {
        Assumptions.assumeFalse(Loaders.byList(), "it lies in a list there");
        AttackProgram program = loaders.signed("taken", key);
        assertEquals(0, program.run(ATTEMPT).exit());
        assertEquals(0, Guest.attacks().run("removexattr", program.file().toString(), "user." + Loader.ATTRIBUTE).exit());
        if (Loader.readsGuarded()) {
            assertEquals(0, program.run(ATTEMPT).exit(), "the one that its owner cannot take away is still there");
            assertEquals(0, Guest.attacks().run("removexattr", program.file().toString(), Loader.GUARDED).exit());
        }
        refused("unsigned", program);
        new Loader(program.file()).attach(loaders.signature(key));
        assertEquals(0, program.run(ATTEMPT).exit());
    }

    /** Where the kernel reads both attributes, that counts which only root can change; where not, it is as if it were not there. */
    @Test
    void signature_thatIsGuarded_countsBeforeTheOwners_whereTheKernelReadsIt() {
        Assumptions.assumeFalse(Loaders.byList(), "it lies in a list there");
        AttackProgram program = loaders.signed("guarded", key);
        Path file = program.file();
        assertEquals(0, AttributeCalls.set(file.toString(), Loader.GUARDED, loaders.signature(Keys.FOREIGN)));
        if (Loader.readsGuarded()) {
            refused("wrong_key", program);
            new Loader(file).attach(loaders.signature(key));
        }
        assertEquals(0, program.run(ATTEMPT).exit());
        AttackProgram owner = new AttackProgram(Path.of("/usr/bin/setpriv"));
        Command.run("chown", "4711", file.toString()).success();
        Outcome outcome = owner.run(List.of("--reuid", "4711", "--regid", "4711", "--clear-groups", Guest.attacks().file().toString(),
                "removexattr", file.toString(), Loader.GUARDED));
        assertEquals("removexattr: EPERM", outcome.refused(), "its owner does not change it");
    }

    /** What cannot be done to a file is told with what to do instead. */
    @Test
    void fileSystem_withoutVerityOrAttributes_isToldWithARemedy() {
        Assumptions.assumeFalse(Loaders.byList(), "neither is needed there");
        Loader unsealable = new Loader(elsewhere.folder().resolve("loader"));
        Loader unattributed = new Loader(attributeless.resolve("loader"));
        Loader missing = new Loader(attributeless.resolve("missing"));
        assertAll(() -> assertTold("tune2fs -O verity", unsealable::seal),
                () -> assertTold("use a file system with user attributes", () -> unattributed.attach(new byte[1])),
                () -> assertTold("missing", missing::seal));
    }

    private static void assertTold(String remedy, Executable attempt) {
        String message = assertThrows(GarrisonException.class, attempt).getMessage();
        assertTrue(message.contains(remedy), message);
    }

    /** The kernel hands attributes only to who may read the file. */
    @Test
    void loader_runByOneWhoMayNotReadIt_isNotTrusted() throws IOException {
        Assumptions.assumeFalse(Loaders.byList(), "the list is read by Garrison");
        AttackProgram asOther = new AttackProgram(Path.of("/usr/bin/setpriv"));
        AttackProgram closed = loaders.signed("closed", key);
        List<String> words = List.of("--reuid", "4711", "--regid", "4711", "--clear-groups", closed.file().toString(), ATTEMPT);
        Outcome readable = asOther.run(words);
        Files.setPosixFilePermissions(closed.file(), PosixFilePermissions.fromString("rwx--x--x"));
        Outcome unreadable = asOther.run(words);
        gate.settle();
        assertEquals(List.of("trusted"), gate.trust(readable.pid()).stream().map(event -> event.reason()).toList());
        assertEquals(List.of("unreadable"), gate.trust(unreadable.pid()).stream().map(event -> event.reason()).toList());
    }

    /** Both ways: what fsverity-utils sign is good here, and what is signed here is what they print. */
    @Test
    void fsverityUtils_signAndDigest_asGarrisonDoes() throws IOException {
        Assumptions.assumeFalse(Loaders.byList(), "fs-verity digests count from 6.8 on");
        Path home = Guest.scratch("utils");
        Path signature = home.resolve("signature");
        String program = Guest.attacks().file().toString();
        key.write(home.resolve("key"), home.resolve("certificate"));
        Command.run("fsverity", "sign", program, signature.toString(), "--key=" + home.resolve("key"),
                "--cert=" + home.resolve("certificate")).success();
        Path theirs = loaders.copy("signed-by-fsverity-utils");
        loaders.attach(theirs, Files.readAllBytes(signature));
        assertEquals(0, new AttackProgram(theirs).run(ATTEMPT).exit());
        garrison("trust verify --certificate " + home.resolve("certificate") + " " + theirs);
        FileDigest ours = Loaders.digest(Guest.attacks().file());
        assertEquals(HexFormat.of().formatHex(ours.digest()), Command.run("fsverity", "digest", "--compact", program).success().strip());
        assertEquals(HexFormat.of().formatHex(ours.signedBytes()),
                Command.run("fsverity", "digest", "--compact", "--for-builtin-sig", program).success().strip());
    }

    @Test
    void digest_computedHere_isTheKernels() throws IOException {
        Assumptions.assumeFalse(Loaders.byList(), "compared through the kernel's answer to the signature there");
        assertArrayEquals(Loaders.digest(good.file()).digest(), new Loader(good.file()).sealed().orElseThrow().digest());
        // One block, one level of hashes, two; a third level takes 64 MiB, which is long to hash under emulation.
        List<Integer> sizes = new ArrayList<>(List.of(1, 4096, 4097, 128 * 4096, 128 * 4096 + 1));
        if (Guest.isLong()) {
            sizes.add(128 * 128 * 4096 + 1);
        }
        for (int size : sizes) {
            Path file = Files.write(loaders.folder().resolve("size-" + size), new byte[size]);
            new Loader(file).seal();
            assertArrayEquals(Loaders.digest(file).digest(), new Loader(file).sealed().orElseThrow().digest(), () -> size + " bytes");
            Files.delete(file);
        }
    }
}
