// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LibbpfTest {
    @Test
    void open_noSuchLibrary_saysWhatToInstall() {
        GarrisonException refused = assertThrows(GarrisonException.class, () -> Libbpf.open("libbpf.so.77"));
        assertTrue(refused.getMessage().contains("libbpf.so.77") && refused.getMessage().contains("apt-get install libbpf1"),
                refused.getMessage());
    }

    @Test
    void open_anotherLibrary_saysWhichSymbolIsMissing() {
        GarrisonException refused = assertThrows(GarrisonException.class, () -> Libbpf.open("libc.so.6"));
        assertTrue(refused.getMessage().contains("libbpf_strerror"), refused.getMessage());
    }

    /** In a JVM of its own, since this one may call native code. */
    @Test
    void open_nativeAccessDenied_saysWhichOption() throws IOException, InterruptedException {
        Process java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--illegal-native-access=deny", "-cp", System.getProperty("java.class.path"), OpenInAnotherJvm.class.getName())
                .redirectErrorStream(true).start();
        String output = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(java.waitFor(60, TimeUnit.SECONDS));
        assertTrue(output.contains("GarrisonException: Java may not call native libraries")
                && output.contains("--enable-native-access=ALL-UNNAMED"), output);
    }

    /** Opens libbpf and prints how that went. */
    static final class OpenInAnotherJvm {
        private OpenInAnotherJvm() {}

        public static void main(String[] arguments) {
            try {
                System.out.println(Libbpf.open().version());
            } catch (GarrisonException e) {
                System.out.println("GarrisonException: " + e.getMessage());
            }
        }
    }

    @Test
    void open_installedLibrary_isVersionOne() {
        Libbpf libbpf = Libbpf.open();
        assertTrue(libbpf.version().startsWith("v1."), libbpf.version());
        assertTrue(libbpf.has("bpf_object__open_mem"));
        assertFalse(libbpf.has("bpf_object__fly"));
        assertTrue(libbpf.possibleCpus() >= 1);
    }

    @Test
    void words_eitherRange_isText() {
        Libbpf libbpf = Libbpf.open();
        assertEquals("Operation not permitted", libbpf.words(-1));
        assertEquals("No space left on device", libbpf.words(28));
        assertEquals("Endian mismatch", libbpf.words(-4003));
    }

    @Test
    void log_garbageObject_reachesTheCollectorOfThisThread() {
        Libbpf libbpf = Libbpf.open();
        try (Arena arena = Arena.ofConfined(); LibbpfLog log = LibbpfLog.begin()) {
            Handle handle = libbpf.objectOpenMem(arena.allocateFrom("this is no object, %s%s%s%n"), MemorySegment.NULL);
            assertTrue(handle.failed());
            assertTrue(handle.errno() > 0);
            assertFalse(log.warnings().isEmpty());
            assertTrue(log.appendix().startsWith("; libbpf: "), log.appendix());
        }
        try (LibbpfLog log = LibbpfLog.begin()) {
            assertEquals(List.of(), log.warnings());
        }
    }

    @Test
    void log_nestedCollectors_eachHaveTheirOwnLines() {
        Libbpf libbpf = Libbpf.open();
        try (Arena arena = Arena.ofConfined(); LibbpfLog outer = LibbpfLog.begin()) {
            try (LibbpfLog inner = LibbpfLog.begin()) {
                libbpf.objectOpenMem(arena.allocateFrom("garbage"), MemorySegment.NULL);
                assertFalse(inner.warnings().isEmpty());
            }
            assertTrue(outer.warnings().isEmpty());
            libbpf.objectOpenMem(arena.allocateFrom("garbage"), MemorySegment.NULL);
            assertFalse(outer.warnings().isEmpty());
        }
    }

    @Test
    void libc_missingFile_isMinusEnoent() {
        assertEquals(-Libc.ENOENT, Libc.open("/no/such/file", Libc.O_RDONLY));
        assertEquals(-9, Libc.close(-1));
    }

    @Test
    void libc_eventfd_wakesEpoll() {
        try (Arena arena = Arena.ofConfined()) {
            int event = Libc.eventfd(0, Libc.O_CLOEXEC);
            int epoll = Libc.epollCreate1(Libc.O_CLOEXEC);
            assertTrue(event > 0 && epoll > 0);
            assertEquals(0, Libc.epollCtl(epoll, Libc.EPOLL_CTL_ADD, event, Libc.EPOLLIN, 0x1122334455667788L));
            MemorySegment events = arena.allocate(Libc.EPOLL_EVENT_SIZE, 8);
            MemorySegment errno = Libc.errnoState(arena);
            assertEquals(0, Libc.epollWait(epoll, events, 1, 0, errno));
            assertEquals(8, Libc.write(event, arena.allocateFrom(ValueLayout.JAVA_LONG, 1), 8));
            assertEquals(1, Libc.epollWait(epoll, events, 1, 1000, errno));
            assertEquals(0x1122334455667788L, events.get(ValueLayout.JAVA_LONG_UNALIGNED, Libc.EPOLL_DATA));
            assertEquals(0, Libc.close(epoll));
            assertEquals(0, Libc.close(event));
            assertEquals(-9, Libc.epollWait(epoll, events, 1, 0, errno));
        }
    }
}
