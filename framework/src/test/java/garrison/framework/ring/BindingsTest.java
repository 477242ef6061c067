// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.RingPlugin;
import garrison.framework.object.BpfSpec;
import garrison.spi.LayoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Java records against the BTF of bpf/test_ring.bpf.c; no kernel needed. */
class BindingsTest {
    record NoSuchField(long sequence, int knobb) {}

    record WrongSize(int sequence) {}

    record NotAnInteger(long name) {}

    record NotAnArray(byte[] sequence) {}

    record NotChars(String sequence) {}

    record NotAStruct(RingPlugin.Inner knob) {}

    record WrongNested(RingPlugin.Header inner) {}

    record WrongType(float knob) {}

    private Bindings bindings;

    @BeforeEach
    void read() {
        byte[] elf = new RingPlugin("x").objects().getFirst().read();
        bindings = new Bindings("test_ring.bpf.o", BpfSpec.parse("test_ring.bpf.o", elf).btf());
    }

    private <R extends Record> void assertRefused(String problem, Class<R> shape) {
        Consumer<R> unused = r -> {};
        LayoutException e = assertThrows(LayoutException.class, () -> bindings.on(1, "test_fixed", shape, unused));
        assertTrue(e.getMessage().contains(problem), e.getMessage());
        assertTrue(e.getMessage().contains("record " + shape.getSimpleName() + "\n"), "Java's layout: " + e.getMessage());
        assertTrue(e.getMessage().contains("struct test_fixed, 80 bytes"), "C's layout: " + e.getMessage());
    }

    @Test
    void disagreement_isRefusedWithBothLayouts() {
        assertRefused("field knobb does not exist there", NoSuchField.class);
        assertRefused("field sequence has 8 bytes there, 4 in Java", WrongSize.class);
        assertRefused("field name is char[16] there, no integer", NotAnInteger.class);
        assertRefused("no array", NotAnArray.class);
        assertRefused("no array of char", NotChars.class);
        assertRefused("field knob is not a nested struct there", NotAStruct.class);
        assertRefused("field inner.time_ns does not exist there", WrongNested.class);
        assertRefused("field knob cannot be read as float", WrongType.class);
    }

    @Test
    void unknownStructOrField_isRefused() {
        assertThrows(LayoutException.class, () -> bindings.on(1, "test_nothing", RingPlugin.Inner.class, r -> {}));
        LayoutException e = assertThrows(LayoutException.class, () -> bindings.raw(1, "test_fixed", fields -> {
            fields.apply("nothing");
            return record -> {};
        }));
        assertTrue(e.getMessage().contains("has no field nothing"), e.getMessage());
    }

    @Test
    void typeBoundTwice_isRefused() {
        bindings.raw(1, "test_fixed", fields -> record -> {});
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                () -> bindings.raw(1, "test_large", fields -> record -> {}));
        assertTrue(e.getMessage().contains("bound to struct test_fixed already"), e.getMessage());
    }

    @Test
    void names_becomeSnakeCase() {
        assertEquals("exe_inode", RecordShape.snakeCase("exeInode"));
        assertEquals("time_ns", RecordShape.snakeCase("timeNs"));
        assertEquals("uid", RecordShape.snakeCase("uid"));
        assertEquals("sha256_digest", RecordShape.snakeCase("sha256Digest"));
    }
}
