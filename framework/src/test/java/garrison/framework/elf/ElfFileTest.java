// SPDX-License-Identifier: Apache-2.0
package garrison.framework.elf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.object.TestObjects;
import garrison.spi.ObjectFormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ElfFileTest {
    private static void assertRefused(byte[] file, String word) {
        ObjectFormatException refused = assertThrows(ObjectFormatException.class, () -> ElfFile.parse("some.bpf.o", file));
        assertTrue(refused.getMessage().startsWith("some.bpf.o: ") && refused.getMessage().contains(word), refused.getMessage());
    }

    private static byte[] with(int offset, int value) {
        byte[] copy = TestObjects.object();
        copy[offset] = (byte) value;
        return copy;
    }

    @Test
    void parse_notElf_isRefusedByName() {
        assertRefused(new byte[0], "empty");
        assertRefused("#!/bin/sh\necho hello\n".getBytes(StandardCharsets.US_ASCII), "not an ELF file");
        assertRefused(with(4, 1), "64-bit");
        assertRefused(with(5, 2), "big-endian");
        assertRefused(Arrays.copyOf(TestObjects.object(), 40), "truncated");
        assertRefused(Arrays.copyOf(TestObjects.object(), 64), "truncated");
    }

    @Test
    void parse_sectionTableElsewhere_isRefused() {
        byte[] copy = TestObjects.object();
        Arrays.fill(copy, 40, 48, (byte) 0x7f);
        assertRefused(copy, "section headers");
    }

    @Test
    void parse_tenThousandSections_isRefused() {
        byte[] file = Arrays.copyOf(TestObjects.object(), 64 + 10_000 * 64);
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(40, 64).putShort(60, (short) 10_000);
        assertRefused(file, "more than 4096");
    }

    @Test
    void parse_goodObject_hasSectionsSymbolsRelocations() {
        ElfFile elf = ElfFile.parse("test_object.bpf.o", TestObjects.object());
        assertEquals(ElfFile.EM_BPF, elf.machine());
        ElfFile.Section programs = elf.section("syscall").orElseThrow();
        assertTrue(programs.executable());
        ElfFile.Symbol program = elf.symbols().stream().filter(s -> s.name().equals("test_run")).findFirst().orElseThrow();
        assertEquals(programs.index(), program.section());
        assertEquals(programs.bytes().size(), program.size());
        assertTrue(elf.relocations(programs).stream()
                .anyMatch(r -> elf.symbols().get(r.symbol()).name().equals("numbers")));
    }
}
