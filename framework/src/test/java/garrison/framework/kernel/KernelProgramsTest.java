// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.OpenObject;
import garrison.framework.object.Owner;
import garrison.framework.object.TestObjects;
import garrison.framework.plugin.BootClock;
import garrison.spi.BpfProgram;
import garrison.spi.ProgramInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** On this machine's own kernel; needs root and a kernel that lets root load system-call programs (5.14). */
class KernelProgramsTest {
    private static final Owner OWNER = new Owner("test-plugin", System.getProperty("os.version"));

    private final Libbpf libbpf = Libbpf.open();

    private List<BpfProgram> all() {
        return new KernelPrograms(libbpf, new BootClock()::time, OWNER).all();
    }

    @Test
    void placeOfAMount_isWrittenWithEscapes() {
        assertEquals(Path.of("/mnt/a b\\c"), ProgramRemoval.place("/mnt/a\\040b\\134c"));
    }

    @Test
    void programOfThisProcess_isListedAsItsOwn_whileItIsThere() {
        byte[] elf = TestObjects.object();
        BpfSpec spec = BpfSpec.parse("test_object.bpf.o", elf);
        long id;
        try (OpenObject open = OpenObject.open(libbpf, spec, elf, OWNER); LoadedBpfObject object = open.load()) {
            ProgramInfo first = object.programs().getFirst();
            id = object.programId(first.name());
            BpfProgram listed = all().stream().filter(program -> program.id() == id).findFirst().orElseThrow();
            assertEquals(first.name().substring(0, Math.min(15, first.name().length())), listed.name());
            assertEquals("syscall", listed.kind());
            assertEquals(0, listed.uid());
            assertTrue(listed.own());
            assertTrue(Duration.between(listed.loaded(), Instant.now()).abs().compareTo(Duration.ofMinutes(1)) < 0, listed::toString);
        }
        assertFalse(all().stream().anyMatch(program -> program.id() == id && program.own()));
    }
}
