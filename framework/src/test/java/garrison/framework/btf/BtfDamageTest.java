// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.elf.ElfFile;
import garrison.framework.object.TestObjects;
import garrison.spi.LayoutException;
import garrison.spi.ObjectFormatException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** BTF that no compiler wrote: whatever it is, the answer is an {@link ObjectFormatException}, soon. */
class BtfDamageTest {
    private static final List<String> STRUCTS = List.of("test_record", "test_inner", "test_tail", "test_run", "table", "loop");

    private static final byte[] BTF = ElfFile.parse("test_object.bpf.o", TestObjects.object()).section(".BTF").orElseThrow()
            .bytes().toArray();

    /** Everything that can be asked; true if it was refused. */
    private static boolean refused(byte[] raw) {
        try {
            Btf btf = Btf.parse("damaged", raw);
            for (String struct : STRUCTS) {
                readAllFields(btf, struct);
            }
            btf.function("test_run");
            btf.function("scaled");
            btf.enumValues("test_state");
            btf.variables(".rodata");
            btf.externs();
            btf.maps();
            return false;
        } catch (ObjectFormatException e) {
            return true;
        }
    }

    private static void readAllFields(Btf btf, String struct) {
        btf.struct(struct).ifPresent(s -> {
            for (BtfField field : s.fields()) {
                try {
                    s.field(field.name());
                } catch (LayoutException e) {
                    assertTrue(e.getMessage().contains("bitfield"), e.getMessage());
                }
            }
        });
    }

    @Test
    void parse_truncatedAnywhere_isRefused() {
        for (int length = 0; length < BTF.length; length++) {
            int cut = length;
            assertTrue(refused(Arrays.copyOf(BTF, cut)), () -> "cut to " + cut + " bytes and taken");
        }
    }

    @Test
    void parse_fiveThousandDamagedCopies_neverThrowAnythingElse() {
        Random random = new Random(20260101);
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            int refusals = 0;
            for (int round = 0; round < 5000; round++) {
                byte[] copy = BTF.clone();
                for (int change = random.nextInt(4); change >= 0; change--) {
                    int at = random.nextInt(copy.length);
                    copy[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (copy[at] ^ 1 << random.nextInt(8));
                }
                refusals += refused(copy) ? 1 : 0;
            }
            assertTrue(refusals > 500, refusals + " of 5000 refused: the damage does not reach the reader");
        });
    }

    private static void assertRefused(BtfBuilder builder, String word) {
        ObjectFormatException refused = assertTimeoutPreemptively(Duration.ofSeconds(20),
                () -> assertThrows(ObjectFormatException.class, () -> builder.parse().struct("loop")));
        assertTrue(refused.getMessage().contains(word), refused.getMessage());
    }

    @Test
    void struct_insideItself_isRefused() {
        BtfBuilder builder = new BtfBuilder();
        builder.add("loop", 4, 1, 8, builder.string("self"), 1, 0);
        assertRefused(builder, "nested");
    }

    @Test
    void struct_doublingAtEachLevel_isRefusedBeforeMemoryRunsOut() {
        BtfBuilder builder = new BtfBuilder();
        int inner = builder.integer();
        for (int level = 0; level < 31; level++) {
            int member = builder.string("m");
            inner = builder.add(level == 30 ? "loop" : "level" + level, 4, 2, 8, member, inner, 0, member, inner, 0);
        }
        assertRefused(builder, "fields");
    }

    @Test
    void typedef_ofItself_isRefused() {
        BtfBuilder builder = new BtfBuilder();
        builder.add("endless", 8, 0, 1);
        builder.add("loop", 4, 1, 8, builder.string("member"), 1, 0);
        assertRefused(builder, "without end");
    }

    @Test
    void array_ofItself_isRefused() {
        BtfBuilder builder = new BtfBuilder();
        builder.add("", 3, 0, 0, 1, 1, 1);
        builder.add("loop", 4, 1, 8, builder.string("member"), 1, 0);
        assertRefused(builder, "without end");
    }

    @Test
    void array_ofFourBillionElements_isRefused() {
        BtfBuilder builder = new BtfBuilder();
        int integer = builder.integer();
        int array = builder.add("", 3, 0, 0, integer, integer, -1);
        builder.add("loop", 4, 1, 8, builder.string("member"), array, 0);
        assertRefused(builder, "2");
    }

    @Test
    void field_beyondItsStruct_isRefused() {
        BtfBuilder builder = new BtfBuilder();
        int integer = builder.integer();
        builder.add("loop", 4, 1, 8, builder.string("member"), integer, 8 * 6);
        assertRefused(builder, "outside");
    }

    @Test
    void pointer_toItself_hasNoName() {
        BtfBuilder builder = new BtfBuilder();
        builder.add("", 2, 0, 1);
        builder.add("loop", 4, 1, 8, builder.string("member"), 1, 0);
        assertRefused(builder, "without end");
    }

    @Test
    void find_hundredThousandTypesOfOneName_isQuick() {
        BtfBuilder builder = new BtfBuilder();
        int integer = builder.integer();
        int name = builder.string("loop");
        builder.add("loop", 4, 1, 4, builder.string("first"), integer, 0);
        for (int i = 0; i < 100_000; i++) {
            builder.addNamed(name, 4, 0, 0);
        }
        BtfStruct struct = assertTimeoutPreemptively(Duration.ofSeconds(20),
                () -> builder.parse().struct("loop").orElseThrow());
        assertEquals(List.of("first"), struct.fields().stream().map(BtfField::name).toList());
    }

    @Test
    void find_manyNamesOfOneHash_isRefused() {
        BtfBuilder builder = new BtfBuilder();
        for (int i = 0; i < 1 << 13; i++) {
            StringBuilder name = new StringBuilder();
            for (int bit = 0; bit < 13; bit++) {
                name.append((i >> bit & 1) == 0 ? "Aa" : "BB");
            }
            builder.add(name.toString(), 4, 0, 0);
        }
        assertRefused(builder, "collide");
    }

    @Test
    void struct_nameOfAMegabyte_isRefused() {
        BtfBuilder builder = new BtfBuilder();
        builder.add("loop", 4, 1, 4, builder.string("m".repeat(1 << 20)), builder.count() + 2, 0);
        builder.integer();
        assertRefused(builder, "no end within");
    }

    @Test
    void struct_longNamesNestedDeep_areRefused() {
        BtfBuilder builder = new BtfBuilder();
        int inner = builder.integer();
        int member = builder.string("m".repeat(1000));
        for (int level = 0; level < 8; level++) {
            inner = builder.add(level == 7 ? "loop" : "level" + level, 4, 1, 8, member, inner, 0);
        }
        assertRefused(builder, "characters");
    }

    /** What libbpf before 1.4 would follow to nowhere, or for ever. */
    private static void assertUnsound(BtfBuilder builder, String word) {
        ObjectFormatException refused = assertTimeoutPreemptively(Duration.ofSeconds(20),
                () -> assertThrows(ObjectFormatException.class, () -> Btf.parseSound("damaged", builder.build())));
        assertTrue(refused.getMessage().contains(word), refused.getMessage());
    }

    @Test
    void parseSound_referencesToNowhere_areRefusedInEveryKind() {
        for (int kind : new int[] {2, 8, 9, 10, 11, 12, 14, 17, 18}) {
            BtfBuilder builder = new BtfBuilder();
            if (kind == 14 || kind == 17) {
                builder.add("one", kind, 0, 99, 0);
            } else {
                builder.add("one", kind, 0, 99);
            }
            assertUnsound(builder, "refers to type 99");
        }
        BtfBuilder array = new BtfBuilder();
        array.add("", 3, 0, 0, 99, 99, 1);
        assertUnsound(array, "refers to type 99");
        BtfBuilder struct = new BtfBuilder();
        struct.add("s", 4, 1, 4, struct.string("m"), -1, 0);
        assertUnsound(struct, "refers to type 4294967295");
        BtfBuilder prototype = new BtfBuilder();
        prototype.add("", 13, 1, 0, prototype.string("p"), 99);
        assertUnsound(prototype, "refers to type 99");
    }

    @Test
    void parseSound_wrongKinds_areRefused() {
        BtfBuilder function = new BtfBuilder();
        function.add("f", 12, 0, function.integer());
        assertUnsound(function, "without a prototype");
        BtfBuilder section = new BtfBuilder();
        section.add(".maps", 15, 1, 4, section.integer(), 0, 4);
        assertUnsound(section, "neither a variable nor a function");
    }

    @Test
    void parseSound_typesWithinThemselves_areRefused() {
        BtfBuilder pair = new BtfBuilder();
        pair.add("a", 8, 0, 2);
        pair.add("b", 10, 0, 1);
        assertUnsound(pair, "lies within itself");
        BtfBuilder struct = new BtfBuilder();
        struct.add("s", 4, 1, 4, struct.string("m"), 1, 0);
        assertUnsound(struct, "lies within itself");
        BtfBuilder deep = new BtfBuilder();
        for (int id = 1; id < 5000; id++) {
            deep.add("", 10, 0, id + 1);
        }
        deep.integer();
        assertUnsound(deep, "nested too deep");
    }

    @Test
    void parseSound_whatCompilersMake_isTaken() {
        Btf.parseSound("good", BTF);
        BtfBuilder list = new BtfBuilder();
        list.add("node", 4, 1, 8, list.string("next"), 2, 0);
        list.add("", 2, 0, 1);
        Btf.parseSound("good", list.build());
    }
}
