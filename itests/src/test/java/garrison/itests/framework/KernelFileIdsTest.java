// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.kernel.KernelFileIds;
import garrison.framework.kernel.RunningKernel;
import garrison.framework.light.OwnObjects;
import garrison.framework.link.Link;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.trust.TrustSettings;
import garrison.itests.Command;
import garrison.itests.Descriptors;
import garrison.itests.Guest;
import garrison.spi.FileId;
import garrison.spi.FileIds.FileNotFound;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class KernelFileIdsTest {
    private static final KernelFileIds IDS = new KernelFileIds(new OwnObjects(Objects.LIBBPF, new RunningKernel(Objects.LIBBPF), TrustSettings.NONE));

    private final Path folder = Guest.scratch("ids");

    @AfterAll
    static void close() {
        IDS.close();
        assertThrows(IllegalStateException.class, () -> IDS.identify(List.of()));
    }

    private static FileId identify(Path path) {
        return IDS.identify(List.of(path)).get(0);
    }

    /** The whole point: the same numbers as a program on the hook reads, on each kind of file system. */
    @Test
    void identify_onEachKindOfFileSystem_isWhatTheHookSees() throws IOException {
        try (LoadedBpfObject object = Objects.load("see_file");
                Link link = object.attach(Objects.program(object, "see_file"))) {
            assertTrue(link.id() > 0);
            for (Path file : List.of(Files.createFile(folder.resolve("tmpfs")), overlayFile(), Path.of("/etc/passwd"),
                    Path.of("/proc/sys/kernel/osrelease"), Path.of("/bin/sh"))) {
                FileId expected = identify(file);
                FileId seen = firstOpened(object, file);
                for (int tries = 0; tries < 5 && !seen.equals(expected); tries++) {
                    seen = firstOpened(object, file); // another thread of this process may have been first
                }
                assertEquals(seen, expected, file.toString());
            }
        }
    }

    private static FileId firstOpened(LoadedBpfObject object, Path file) throws IOException {
        object.map("first_open").update(Objects.key(0), new byte[24]);
        Files.newInputStream(file).close();
        ByteBuffer seen = Objects.value(object.map("first_open").lookup(Objects.key(0)).orElseThrow());
        return new FileId(seen.getLong(), seen.getLong(), seen.getInt());
    }

    /** An overlay whose layers lie on another file system than the tmpfs: the case in which stat(2) shows other numbers. */
    private Path overlayFile() throws IOException {
        Path mount = Files.createDirectory(folder.resolve("overlay"));
        Path upper = Files.createDirectories(folder.resolve("layers/upper"));
        Path work = Files.createDirectories(folder.resolve("layers/work"));
        Command.run("mount", "-t", "overlay", "overlay", "-o",
                "lowerdir=/etc,upperdir=" + upper + ",workdir=" + work, mount.toString()).success();
        return mount.resolve("hostname");
    }

    @Test
    void identify_links_leadToTheirFile() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        Path symbolic = Files.createSymbolicLink(folder.resolve("symbolic"), file);
        Path hard = Files.createLink(folder.resolve("hard"), file);
        assertEquals(1, new HashSet<>(IDS.identify(List.of(file, symbolic, hard, file))).size());
        assertNotEquals(identify(file), identify(folder));
    }

    @Test
    void identify_devicesAndFifos_areNotOpened() throws IOException {
        Path fifo = folder.resolve("fifo");
        Command.run("mkfifo", fifo.toString()).success();
        List<FileId> ids = IDS.identify(List.of(fifo, Path.of("/dev/ttyS0"), Path.of("/dev/null")));
        assertEquals(3, new HashSet<>(ids).size());
    }

    @Test
    void identify_fileOfAnUnlinkedName_isAnotherOneThanItsSuccessor() throws IOException {
        Path file = Files.createFile(folder.resolve("name"));
        FileId first = identify(file);
        Files.delete(file);
        Files.createFile(file);
        assertNotEquals(first, identify(file));
    }

    @Test
    void identify_missingPath_isNamedAndNothingStaysOpen() throws IOException {
        identify(folder);
        Descriptors before = Descriptors.now();
        Path missing = folder.resolve("missing");
        FileNotFound none = assertThrows(FileNotFound.class, () -> IDS.identify(List.of(folder, missing)));
        assertEquals(missing, none.path());
        assertTrue(none.getMessage().contains("No such file"), none.getMessage());
        assertThrows(FileNotFound.class, () -> identify(Path.of("/etc/passwd/below")));
        before.awaitNoneMore();
    }

    @Test
    void identify_thousandPathsWhileThreadsOpenFiles_areAllFound() throws Exception {
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            paths.add(Files.createFile(folder.resolve("file" + i)));
        }
        Thread noise = Thread.ofPlatform().daemon().start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                try (Stream<Path> list = Files.list(Path.of("/proc/self/task"))) {
                    list.count();
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        List<FileId> first = IDS.identify(paths);
        long begin = System.nanoTime();
        assertEquals(first, IDS.identify(paths));
        long micros = (System.nanoTime() - begin) / 1000;
        noise.interrupt();
        noise.join();
        System.out.println("1,000 paths identified in " + micros / 1000.0 + " ms");
        assertEquals(1000, new HashSet<>(first).size());
        for (int i = 0; i < 1000; i++) {
            assertEquals(((Number) Files.getAttribute(paths.get(i), "unix:ino")).longValue(), first.get(i).inode());
        }
    }
}
