// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.btf.BtfField.Kind;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.TestObjects;
import garrison.spi.LayoutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BtfTest {
    private final Btf btf = BpfSpec.parse("test_object.bpf.o", TestObjects.object()).btf();
    private final BtfStruct record = btf.struct("test_record").orElseThrow();

    private BtfField field(String name) {
        return record.field(name).orElseThrow(() -> new AssertionError("no " + name + "\n" + record.layout()));
    }

    private void assertField(String name, int offset, int size, Kind kind, boolean signed) {
        BtfField field = field(name);
        assertEquals(List.of(offset, size, kind, signed), List.of(field.offset(), field.size(), field.kind(), field.signed()),
                () -> name + "\n" + record.layout());
    }

    @Test
    void struct_everyKindOfMember_hasCsOffsets() {
        assertEquals(96, record.size());
        assertField("time", 0, 8, Kind.INTEGER, false);
        assertField("signed_byte", 8, 1, Kind.INTEGER, true);
        assertField("yes", 9, 1, Kind.INTEGER, false);
        assertEquals(12, field("state").offset());
        assertField("inner.first", 16, 2, Kind.INTEGER, false);
        assertField("inner.second", 24, 8, Kind.INTEGER, true);
        assertField("as_number", 32, 4, Kind.INTEGER, false);
        assertField("as_bytes", 32, 4, Kind.ARRAY, false);
        assertField("anonymous", 36, 4, Kind.INTEGER, false);
        assertField("pair", 48, 32, Kind.OPAQUE_ARRAY, false);
        assertField("grid", 80, 12, Kind.ARRAY, false);
        assertEquals(6, field("grid").length());
        assertEquals(2, field("grid").elementSize());
    }

    @Test
    void struct_pointerAndFlexibleTail_areTold() {
        BtfStruct file = btf.struct("test_tail").orElseThrow();
        assertEquals(Kind.POINTER, file.field("pointer").orElseThrow().kind());
        assertEquals("void *", file.field("pointer").orElseThrow().type());
        BtfField tail = file.field("tail").orElseThrow();
        assertTrue(tail.flexible());
        assertEquals(List.of(8, 0, 0, 1), List.of(tail.offset(), tail.size(), tail.length(), tail.elementSize()));
    }

    @Test
    void field_bitfield_isRefusedWithTheLayout() {
        LayoutException refused = assertThrows(LayoutException.class, () -> record.field("more_bits"));
        assertTrue(refused.getMessage().contains("bitfield") && refused.getMessage().contains("inner.second"),
                refused.getMessage());
    }

    @Test
    void field_unknownName_isEmpty() {
        assertTrue(record.field("no_such_field").isEmpty());
        assertTrue(btf.struct("no_such_struct").isEmpty());
        assertFalse(btf.hasFunction("no_such_function"));
        assertEquals(List.of(), btf.variables(".no_such_section"));
    }

    @Test
    void enumValues_negativeConstant_isSignExtended() {
        assertEquals(Map.of("TEST_IDLE", 0L, "TEST_BUSY", 7L, "TEST_GONE", -2L), btf.enumValues("test_state").orElseThrow());
    }

    @Test
    void function_pointerToConst_isRenderedWithoutConst() {
        BtfBuilder builder = new BtfBuilder();
        int dentry = builder.add("dentry", 4, 0, 0);
        int constant = builder.add("", 10, 0, dentry);
        int pointer = builder.add("", 2, 0, constant);
        int integer = builder.integer();
        int callback = builder.add("", 2, 0, builder.add("", 13, 0, integer));
        int prototype = builder.add("", 13, 4, integer, builder.string("dentry"), pointer, builder.string("n"), integer,
                builder.string("callback"), callback, 0, 0);
        builder.add("hook", 12, 0, prototype);
        assertEquals(new BtfFunction("hook", "int", List.of("struct dentry *", "int", "int (*)()", "...")),
                builder.parse().function("hook").orElseThrow());
    }

    @Test
    void runningKernel_wellKnownTypes_areFoundInTime() throws IOException {
        long begin = System.nanoTime();
        Btf kernel = Btf.parse("vmlinux", Files.readAllBytes(Path.of("/sys/kernel/btf/vmlinux")));
        BtfFunction hook = kernel.function("bpf_lsm_file_open").orElseThrow();
        long millis = (System.nanoTime() - begin) / 1_000_000;
        System.out.println("BTF of the running kernel: read, indexed and searched in " + millis + " ms");
        assertEquals(new BtfFunction("bpf_lsm_file_open", "int", List.of("struct file *")), hook);
        BtfStruct file = kernel.struct("file").orElseThrow();
        assertEquals(Kind.POINTER, file.field("f_inode").orElseThrow().kind());
        assertTrue(kernel.struct("task_struct").orElseThrow().fields().size() > 100);
        assertEquals(27L, kernel.enumValues("bpf_attach_type").orElseThrow().get("BPF_LSM_MAC"));
        // Twenty times what it takes (150 ms cold); a reader that makes an object a type is far beyond.
        assertTrue(millis < 3000, millis + " ms");
    }

    @Test
    void runningKernel_everyStruct_canBeFlattened() throws IOException {
        TypeTable types = new TypeTable("vmlinux", Files.readAllBytes(Path.of("/sys/kernel/btf/vmlinux")));
        int structs = 0;
        for (int id = 1; id < types.count(); id++) {
            if (types.kind(id) == TypeTable.STRUCT) {
                StructReader.read(types, id);
                structs++;
            }
        }
        assertTrue(structs > 1000, structs + " structs");
    }
}
