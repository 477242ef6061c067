// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.link.Link;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.OpenObject;
import garrison.itests.Descriptors;
import garrison.itests.Guest;
import garrison.spi.KernelException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinkTest {
    private final Path folder = Guest.scratch("links");

    private static void assertNotPermitted(FileSystemException refused) {
        assertTrue(refused instanceof AccessDeniedException || "Operation not permitted".equals(refused.getReason()),
                refused.toString());
    }

    @Test
    void lsm_attached_refusesMkdirUntilDetached() throws IOException {
        try (LoadedBpfObject object = Objects.load("refuse_mkdir")) {
            Files.createDirectory(folder.resolve("before"));
            try (Link link = object.attach(Objects.program(object, "refuse_mkdir"))) {
                assertEquals(List.of("refuse_mkdir", "lsm", "inode_mkdir"), List.of(link.program(), link.kind(), link.target()));
                assertTrue(link.id() > 0);
                assertNotPermitted(assertThrows(FileSystemException.class,
                        () -> Files.createDirectory(folder.resolve("while"))));
                assertEquals(1, Objects.seen(object, 0));
                assertThrows(IllegalStateException.class, link::readAll);
            }
            Files.createDirectory(folder.resolve("after"));
            assertEquals(1, Objects.seen(object, 0));
        }
    }

    @Test
    void lsm_objectClosedFirst_linkStillDetaches() throws IOException {
        LoadedBpfObject object = Objects.load("refuse_mkdir");
        Link link = object.attach(Objects.program(object, "refuse_mkdir"));
        object.close();
        assertThrows(FileSystemException.class, () -> Files.createDirectory(folder.resolve("while")));
        link.close();
        link.close();
        Files.createDirectory(folder.resolve("after"));
    }

    @Test
    void fmodRet_attached_refusesRmdirUntilDetached() throws IOException {
        Path victim = Files.createDirectory(folder.resolve("victim"));
        try (LoadedBpfObject object = Objects.load("refuse_rmdir")) {
            try (Link link = object.attach(Objects.program(object, "refuse_rmdir"))) {
                assertEquals("fmod_ret", link.kind());
                assertNotPermitted(assertThrows(FileSystemException.class, () -> Files.delete(victim)));
                assertEquals(1, Objects.seen(object, 1));
            }
            Files.delete(victim);
        }
    }

    @Test
    void sleepableLsm_withAKernelFunction_seesEachUnlink() throws IOException {
        try (LoadedBpfObject object = Objects.load("count_unlink")) {
            try (Link link = object.attach(Objects.program(object, "count_unlink"))) {
                for (int i = 0; i < 5; i++) {
                    Files.delete(Files.createFile(folder.resolve("file")));
                }
                assertTrue(link.id() > 0);
            }
            assertEquals(5, Objects.seen(object, 2));
        }
    }

    /** 38 on 6.1 and 6.12, 36 on 7.2, where the trampoline's page is full by then. */
    @Test
    void attach_oneMoreThanTheTrampolineTakes_saysSo() {
        BpfSpec spec = Objects.spec("test_many");
        Deque<Link> links = new ArrayDeque<>();
        try (OpenObject open = OpenObject.open(Objects.LIBBPF, spec, Objects.read("test_many"), Objects.OWNER);
                LoadedBpfObject object = open.load()) {
            try {
                KernelException full = assertThrows(KernelException.class,
                        () -> object.programs().forEach(program -> links.push(object.attach(program))));
                System.out.println("programs on one hook of kernel " + Objects.OWNER.kernelRelease() + ": " + links.size());
                assertTrue(links.size() >= 30 && links.size() <= 38, links.size() + " attached");
                assertEquals(7, full.errno());
                for (String word : List.of("at most 38", "inode_mknod", "test-plugin", links.size() + " programs hold it", "mknod_00 (program ",
                        object.programs().get(links.size()).name(), Objects.OWNER.kernelRelease())) {
                    assertTrue(full.getMessage().contains(word), full.getMessage());
                }
            } finally {
                links.forEach(Link::close);
            }
        }
    }

    @Test
    void attachDetach_overAndOver_leavesNoDescriptor() throws IOException {
        attachAndDetach();
        Descriptors before = Descriptors.now();
        for (int round = 0; round < (Guest.isLong() ? 500 : 5); round++) {
            attachAndDetach();
        }
        before.awaitNoneMore();
        assertFalse(Files.exists(folder.resolve("while")));
    }

    private void attachAndDetach() {
        try (LoadedBpfObject object = Objects.load("refuse_mkdir");
                Link link = object.attach(Objects.program(object, "refuse_mkdir"))) {
            assertThrows(FileSystemException.class, () -> Files.createDirectory(folder.resolve("while")));
            assertTrue(link.id() > 0);
        }
    }
}
