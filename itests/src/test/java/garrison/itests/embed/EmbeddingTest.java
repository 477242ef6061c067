// SPDX-License-Identifier: Apache-2.0
package garrison.itests.embed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.fileguard.FileAccessEvent;
import garrison.fileguard.FileGuard;
import garrison.framework.Garrison;
import garrison.itests.AttachedBpf;
import garrison.itests.Descriptors;
import garrison.itests.Guest;
import garrison.itests.TestJar;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Garrison as a library of a plain program: on the class path, no OSGi framework anywhere. */
class EmbeddingTest {
    private final Path folder = Guest.scratch("embedding");

    private Path config(Path guarded) throws IOException {
        return Files.writeString(folder.resolve("garrison.conf"), "garrison { mode = ENFORCE, plugins.file-guard.rules = ["
                + "{ name = secrets, tree = \"" + guarded + "\", operations = [ write, delete ] } ] }\n");
    }

    @Test
    void program_ofTwentyLines_guardsAFolderUntilItEnds() throws IOException, InterruptedException {
        Path guarded = Files.createDirectory(folder.resolve("guarded"));
        Path secret = Files.writeString(guarded.resolve("secret"), "before");
        int links = AttachedBpf.links().size();
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow()));
        command.addAll(Guest.javaFlags());
        // With the distribution's recorded classes, as whoever ships a program would: it is up in a third of the time.
        Path library = Guest.home().resolve("lib");
        Path program = TestJar.write(folder.resolve("program.jar"), TestJar.manifest(), EmbeddingProgram.class, Map.of());
        String classes = Stream.of(library.resolve("garrison-runtime.jar"), Guest.home().resolve("bundles/file-guard.jar"), program)
                .map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        command.addAll(List.of("-XX:AOTCache=" + library.resolve("garrison.aot"), "--enable-native-access=ALL-UNNAMED", "-cp", classes,
                EmbeddingProgram.class.getName(), config(guarded).toString()));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader output = process.inputReader()) {
            assertEquals("guarding by ACTIVE", output.readLine());
            assertThrows(FileSystemException.class, () -> Files.writeString(secret, "meanwhile"));
            assertEquals("secrets " + secret + " -1", output.readLine());
            process.outputWriter().close();
            assertTrue(process.waitFor(Guest.PATIENCE.toSeconds(), TimeUnit.SECONDS), "did not end");
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
        assertEquals("before", Files.readString(secret));
        assertEquals("after", Files.readString(Files.writeString(secret, "after")));
        assertEquals(links, AttachedBpf.links().size());
    }

    @Test
    void startAndStop_overAndOver_leavesNothingBehind() throws IOException {
        Path guarded = Files.createDirectory(folder.resolve("again"));
        Path secret = Files.writeString(guarded.resolve("secret"), "before");
        Path config = config(guarded);
        guardOnce(config, secret);
        int links = AttachedBpf.links().size();
        int programs = AttachedBpf.programs().size();
        int maps = AttachedBpf.maps().size();
        Descriptors descriptors = Descriptors.now();
        int threads = ManagementFactory.getThreadMXBean().getThreadCount();
        int rounds = Guest.isLong() ? 50 : 3;
        for (int round = 0; round < rounds; round++) {
            guardOnce(config, secret);
        }
        descriptors.awaitNoneMore();
        Guest.await("no thread more than before", () -> ManagementFactory.getThreadMXBean().getThreadCount() <= threads);
        assertEquals(links, AttachedBpf.links().size());
        // The kernel frees these a moment later.
        Guest.await("no program more than before", () -> AttachedBpf.programs().size() <= programs);
        Guest.await("no map more than before", () -> AttachedBpf.maps().size() <= maps);
        assertEquals("before", Files.readString(secret));
    }

    private static void guardOnce(Path config, Path secret) {
        Queue<FileAccessEvent> heard = new ConcurrentLinkedQueue<>();
        try (Garrison _ = Garrison.builder().config(config).plugin(new FileGuard())
                .on(FileAccessEvent.class, heard::add).start()) {
            assertThrows(FileSystemException.class, () -> Files.writeString(secret, "meanwhile"));
            Guest.await("the event", () -> !heard.isEmpty());
        }
        assertEquals(1, heard.size());
    }
}
