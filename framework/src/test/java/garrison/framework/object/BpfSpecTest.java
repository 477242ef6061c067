// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.btf.BtfVariable;
import garrison.spi.ObjectFormatException;
import garrison.spi.ProgramInfo;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BpfSpecTest {
    private static void assertRefused(byte[] elf, String... words) {
        ObjectFormatException refused = assertThrows(ObjectFormatException.class, () -> BpfSpec.parse("bad.bpf.o", elf));
        for (String word : words) {
            assertTrue(refused.getMessage().contains(word), refused.getMessage());
        }
        assertTrue(refused.getMessage().startsWith("bad.bpf.o: "), refused.getMessage());
    }

    @Test
    void parse_programs_areInElfOrderWithTheirSectionsParts() {
        List<ProgramInfo> programs = BpfSpec.parse("test_needs.bpf.o", TestObjects.needs()).programs();
        assertEquals(List.of("refuse_mkdir", "refuse_rmdir", "count_unlink", "writes_to_the_kernel", "no_such_hook",
                "looks_at_exe", "see_file", "knows_init_task"), programs.stream().map(ProgramInfo::name).toList());
        assertEquals(new ProgramInfo("refuse_mkdir", "lsm/inode_mkdir", "lsm", "inode_mkdir", false, false), programs.get(0));
        assertEquals(new ProgramInfo("refuse_rmdir", "?fmod_ret/security_inode_rmdir", "fmod_ret", "security_inode_rmdir",
                false, true), programs.get(1));
        assertEquals(new ProgramInfo("count_unlink", "?lsm.s/inode_unlink", "lsm", "inode_unlink", true, true),
                programs.get(2));
    }

    @Test
    void parse_subprograms_areNoPrograms() {
        BpfSpec spec = BpfSpec.parse("test_object.bpf.o", TestObjects.object());
        assertEquals(List.of("test_run", "test_rejected"), spec.programs().stream().map(ProgramInfo::name).toList());
        assertEquals("Dual BSD/GPL", spec.licence());
    }

    @Test
    void parse_maps_haveTheirDeclaredShape() {
        BpfSpec spec = BpfSpec.parse("test_object.bpf.o", TestObjects.object());
        assertEquals(new MapSpec("numbers", MapType.HASH, 4, 8, 16, 0, Optional.empty()), spec.map("numbers").orElseThrow());
        assertEquals(new MapSpec("per_cpu", MapType.PERCPU_ARRAY, 4, 12, 2, 0, Optional.empty()),
                spec.map("per_cpu").orElseThrow());
        assertEquals(new MapSpec("prefixes", MapType.LPM_TRIE, 8, 4, 8, 1, Optional.empty()),
                spec.map("prefixes").orElseThrow());
        MapSpec policy = spec.map("policy").orElseThrow();
        assertEquals(new MapSpec("policy.inner", MapType.HASH, 4, 4, 4, 0, Optional.empty()), policy.inner().orElseThrow());
        assertEquals(MapType.ARRAY_OF_MAPS, policy.type());
        assertEquals(4, policy.valueSize());
    }

    @Test
    void parse_constants_haveTheirOffsets() {
        BpfSpec spec = BpfSpec.parse("test_object.bpf.o", TestObjects.object());
        assertEquals(new BtfVariable("small_signed", 0, 2, true, true, "__s16"), spec.constant("small_signed").orElseThrow());
        assertEquals(new BtfVariable("flag", 8, 1, true, false, "bool"), spec.constant("flag").orElseThrow());
        assertFalse(spec.constant("text").orElseThrow().integer());
    }

    @Test
    void parse_externs_knowTheirUsersAndWhetherTheyAreWeak() {
        List<ExternSpec> externs = BpfSpec.parse("test_needs.bpf.o", TestObjects.needs()).externs();
        assertTrue(externs.contains(new ExternSpec("bpf_key_put", true, true, false, Set.of("count_unlink"))),
                externs::toString);
        assertTrue(externs.contains(new ExternSpec("bpf_put_file", true, true, true, Set.of("looks_at_exe"))),
                externs::toString);
        assertTrue(externs.contains(new ExternSpec("init_task", false, false, false, Set.of("knows_init_task"))),
                externs::toString);
    }

    @Test
    void parse_truncatedAnywhere_isRefused() {
        byte[] whole = TestObjects.needs();
        for (int length = 0; length < whole.length; length += 1 + length / 200) {
            assertRefused(Arrays.copyOf(whole, length));
        }
        assertRefused(Arrays.copyOf(whole, whole.length - 1), "truncated");
    }

    @Test
    void parse_fiveThousandDamagedCopies_neverThrowAnythingElse() {
        Random random = new Random(42);
        byte[] whole = TestObjects.needs();
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            int refusals = 0;
            for (int round = 0; round < 5000; round++) {
                byte[] copy = whole.clone();
                for (int change = random.nextInt(8); change >= 0; change--) {
                    copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
                }
                try {
                    BpfSpec.parse("damaged.bpf.o", copy);
                } catch (ObjectFormatException e) {
                    refusals++;
                }
            }
            assertTrue(refusals > 200, refusals + " of 5000 refused: the damage does not reach the reader");
        });
    }

    @Test
    void parse_notForBpf_isRefused() {
        byte[] copy = TestObjects.object();
        copy[18] = 62;
        copy[19] = 0;
        assertRefused(copy, "not for BPF", "machine 62");
    }

    @Test
    void parse_bigEndian_isRefusedWithTheRemedy() {
        byte[] copy = TestObjects.object();
        copy[5] = 2;
        assertRefused(copy, "big-endian", "bpfel");
    }

    @Test
    void parse_text_isRefused() {
        assertRefused("bpf".getBytes(StandardCharsets.US_ASCII), "not an ELF file");
    }

    @Test
    void parse_sectionsRenamedAway_saysWhatIsMissing() {
        assertRefused(TestObjects.replace(TestObjects.object(), "license\0", "lisence\0"), "no licence", "SEC(\"license\")");
        assertRefused(TestObjects.replace(TestObjects.object(), ".BTF\0", ".BTX\0"), "no BTF", "clang -g");
    }

    @Test
    void parse_onlySubprograms_hasNoPrograms() {
        byte[] copy = TestObjects.replace(TestObjects.object(), "\0syscall\0", "\0.text\0ll\0".substring(0, 9));
        byte[] both = TestObjects.replace(copy, "?syscall\0", ".text\0ll\0");
        assertRefused(both, "no programs");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Proprietary\0", "BSD\0........", "GPL-2.0\0....", "Apache-2.0\0.", "GPLv2\0......", "MIT\0........"})
    void parse_lsmProgramUnderAnotherLicence_isRefusedBeforeTheKernelDoes(String licence) {
        assertRefused(TestObjects.replace(TestObjects.needs(), "Dual BSD/GPL", licence), "refuse_mkdir", "lsm/inode_mkdir",
                "GPL", licence.substring(0, licence.indexOf('\0')));
    }

    @ParameterizedTest
    @ValueSource(strings = {"GPL\0........", "GPL v2\0.....", "Dual MIT/GPL", "Dual MPL/GPL"})
    void parse_lsmProgramUnderACompatibleLicence_isTaken(String licence) {
        BpfSpec spec = BpfSpec.parse("good.bpf.o", TestObjects.replace(TestObjects.needs(), "Dual BSD/GPL", licence));
        assertTrue(licence.startsWith(spec.licence()), spec.licence());
    }

    @Test
    void parse_systemCallProgramUnderAnyLicence_isTaken() {
        BpfSpec spec = BpfSpec.parse("any.bpf.o",
                TestObjects.replace(TestObjects.object(), "Dual BSD/GPL", "Proprietary\0"));
        assertEquals("Proprietary", spec.licence());
    }
}
