// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import garrison.itests.Guest;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Outcome;
import garrison.spi.KernelVersion;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * What {@code programs = signed} rests on: a loader program whose instructions are signed, and which takes only the data whose digest
 * stands in them. Here it loads nothing, and says whether it would have. See CASES.md for where the cases come from.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SignedProgramTest {
    private static final KernelVersion SIGNED_PROGRAMS = new KernelVersion(6, 18, 0);
    private static final int EINVAL = 22;
    private static final int EACCES = 13;
    private static final int EBUSY = 16;
    private static final int EKEYREJECTED = 129;
    private static final int NO_MATCH = -EINVAL;
    private static final String NONE = "none";

    private final byte[] data = new byte[512];
    private Loaders loaders;
    private AttackProgram loader;
    private Gate gate;
    private Path code;
    private Path other;
    private Path content;
    private Path altered;
    private Path hash;
    private Path signature;

    @BeforeAll
    void start() throws IOException {
        Assumptions.assumeTrue(Guest.kernel().compareTo(SIGNED_PROGRAMS) >= 0, "the kernel checks programs' signatures from 6.18 on");
        loaders = new Loaders();
        Path certificate = loaders.certificate(Keys.LOADERS, "loaders");
        loader = loaders.signed("loader", Keys.LOADERS);
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (7 * i + 1);
        }
        byte[] instructions = program(sha256(data));
        code = write("code", instructions);
        content = write("content", data);
        byte[] changed = data.clone();
        changed[100] ^= 1;
        altered = write("altered", changed);
        hash = write("hash", sha256(instructions));
        signature = write("signature", Keys.LOADERS.sign(instructions));
        byte[] differing = instructions.clone();
        differing[instructions.length - 12] = 1;
        other = write("other", differing);
        gate = Gate.start(Gate.policy(Mode.ENFORCE, List.of(certificate), List.of(), loaders.list(), "programs = signed"));
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(loaders.folder().resolve(name), bytes);
    }

    @AfterAll
    void stop() {
        if (gate != null) {
            gate.close();
        }
        if (loaders != null) {
            loaders.close();
        }
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * Its map is the first of those given with it; struct bpf_map begins with the digest of what is in it, and whether it is
     * exclusive. Result 0 if both are as they should be.
     */
    private static byte[] program(byte[] digest) {
        ByteBuffer code = ByteBuffer.allocate(8 * (2 + 2 + 4 * 4 + 4)).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer words = ByteBuffer.wrap(digest).order(ByteOrder.LITTLE_ENDIAN);
        int fails = 2 + 2 + 4 * 4 + 2;
        instruction(code, 0x18, 1, 5, 0, 0).putLong(0); // r1 = map 0
        instruction(code, 0x61, 2, 1, 32, 0); // r2 = *(u32 *)(r1 + 32)
        instruction(code, 0x55, 2, 0, fails - 4, 1); // if r2 != 1
        for (int i = 0; i < 4; i++) {
            long word = words.getLong();
            instruction(code, 0x79, 2, 1, 8 * i, 0); // r2 = *(u64 *)(r1 + 8 * i)
            instruction(code, 0x18, 3, 0, 0, (int) word).putInt(0).putInt((int) (word >>> 32)); // r3 = the word
            instruction(code, 0x5d, 2, 3, fails - (4 + 4 * (i + 1)), 0); // if r2 != r3
        }
        instruction(code, 0xb7, 0, 0, 0, 0); // r0 = 0
        instruction(code, 0x95, 0, 0, 0, 0);
        instruction(code, 0xb7, 0, 0, 0, NO_MATCH);
        instruction(code, 0x95, 0, 0, 0, 0);
        return code.array();
    }

    private static ByteBuffer instruction(ByteBuffer code, int operation, int to, int from, int offset, int number) {
        return code.put((byte) operation).put((byte) (from << 4 | to)).putShort((short) offset).putInt(number);
    }

    private Outcome load(Path code, Path data, Object hash, int size, Object signature, String steps) {
        return load(code, data, hash, size, signature, Loaders.keyrings().getLast(), 1, steps);
    }

    private Outcome load(Path code, Path data, Object hash, int size, Object signature, String keyring, int entries, String steps) {
        return loader.run("bpf-metadata", code.toString(), data.toString(), hash.toString(), String.valueOf(size), signature.toString(),
                keyring, String.valueOf(entries), steps);
    }

    private static void ends(int error, String call, Outcome outcome) {
        assertEquals(error, outcome.exit(), outcome::toString);
        assertEquals(call, call(outcome));
    }

    /** The call that was refused; its error need not have a name. */
    private static String call(Outcome outcome) {
        return outcome.refused().split(":")[0];
    }

    /** Update the map, freeze it, have it hashed, load, run. */
    @TestFactory
    Stream<DynamicTest> metadata_isTakenOnlyAsItWasSigned() {
        return Stream.of(
                dynamicTest("as signed", () -> ends(0, "", load(code, content, hash, 32, signature, "ufhlr"))),
                dynamicTest("altered", () -> ends(EINVAL, "program", load(code, altered, hash, 32, signature, "ufhlr"))),
                dynamicTest("in a map that is not exclusive",
                        () -> ends(EINVAL, "program", load(code, content, NONE, 0, signature, "ufhlr"))),
                dynamicTest("never hashed", () -> ends(EINVAL, "program", load(code, content, hash, 32, signature, "uflr"))));
    }

    @TestFactory
    Stream<DynamicTest> signature_isCheckedByTheKernel() throws IOException {
        Path junk = write("junk", HexFormat.of().parseHex("30421337".repeat(16)));
        Path large = write("large", new byte[1 << 14]);
        String unknown = String.valueOf(Integer.MAX_VALUE);
        String ours = Loaders.keyrings().getLast();
        return Stream.of(
                dynamicTest("no signature", () -> assertNotEquals(0, load(code, content, hash, 32, junk, "ufhl").exit())),
                dynamicTest("too large", () -> ends(EINVAL, "bpf", loader.run("bpf-load-signed", ours, large.toString(), "31", "0"))),
                dynamicTest("of a keyring that is not there",
                        () -> ends(EINVAL, "prog_load", load(code, content, hash, 32, signature, unknown, 1, "ufhl"))),
                dynamicTest("of other instructions", () -> ends(EKEYREJECTED, "prog_load", load(other, content, hash, 32, signature, "ufhl"))),
                dynamicTest("by the kernel's builtin keyring",
                        () -> assertNotEquals(0, load(code, content, hash, 32, signature, "0", 1, "ufhl").exit())),
                dynamicTest("by the secondary keyring",
                        () -> assertNotEquals(0, load(code, content, hash, 32, signature, "1", 1, "ufhl").exit())),
                dynamicTest("by the platform's keyring",
                        () -> assertNotEquals(0, load(code, content, hash, 32, signature, "2", 1, "ufhl").exit())));
    }

    /** The map's hash is that of the program it is for; another program does not get at it, nor does anything else. */
    @TestFactory
    Stream<DynamicTest> exclusiveMap_isForItsProgramOnly() throws IOException {
        Path otherSignature = write("other-signature", Keys.LOADERS.sign(Files.readAllBytes(other)));
        Path half = write("half", new byte[16]);
        Path twice = write("twice", new byte[64]);
        return Stream.of(
                dynamicTest("its program", () -> ends(0, "", load(code, content, hash, 32, signature, "ufhl"))),
                dynamicTest("another program, signed well",
                        () -> ends(EACCES, "prog_load", load(other, content, hash, 32, otherSignature, "ufhl"))),
                dynamicTest("the same without a hash", () -> ends(0, "", load(other, content, NONE, 0, otherSignature, "ufhl"))),
                dynamicTest("a hash that is too short", () -> ends(EINVAL, "map_create", load(code, content, half, 16, signature, ""))),
                dynamicTest("a hash that is too long", () -> ends(EINVAL, "map_create", load(code, content, twice, 64, signature, ""))),
                dynamicTest("a length without a hash", () -> ends(EINVAL, "map_create", load(code, content, NONE, 32, signature, ""))),
                dynamicTest("as another map's template", () -> assertEquals("map_create outer",
                        call(load(code, content, hash, 32, NONE, "t")))),
                dynamicTest("as another map's element", () -> assertEquals("map_update_elem outer",
                        call(load(code, content, hash, 32, NONE, "e")))));
    }

    @TestFactory
    Stream<DynamicTest> mapThatIsHashed_changesNoMore() {
        return Stream.of(
                dynamicTest("hashed before it is frozen", () -> ends(Outcome.EPERM, "obj_get_info_by_fd",
                        load(code, content, hash, 32, NONE, "uh"))),
                dynamicTest("updated when it is frozen", () -> ends(Outcome.EPERM, "map_update_elem",
                        load(code, content, hash, 32, NONE, "ufu"))),
                dynamicTest("frozen while it is mapped", () -> ends(EBUSY, "map_freeze", load(code, content, hash, 32, NONE, "mf"))),
                dynamicTest("mapped when it is frozen", () -> ends(Outcome.EPERM, "mmap", load(code, content, hash, 32, NONE, "fm"))),
                dynamicTest("a digest of another size", () -> ends(EINVAL, "obj_get_info_by_fd",
                        load(code, content, hash, 32, NONE, "ufs"))),
                dynamicTest("of a map that is no array", () -> ends(EINVAL, "obj_get_info_by_fd",
                        load(code, content, NONE, 0, NONE, "0", 0, "h"))));
    }

    /** The signer's digest is the kernel's: of one element, and of several. */
    @Test
    void digestOfAMap_isThatOfItsContents() {
        String expected = HexFormat.of().formatHex(sha256(data));
        assertEquals(expected, load(code, content, hash, 32, NONE, "ufh").output().strip());
        assertEquals(expected, load(code, content, hash, 32, NONE, "0", 8, "ufh").output().strip());
        assertNotEquals(expected, load(code, altered, hash, 32, NONE, "ufh").output().strip());
    }
}
