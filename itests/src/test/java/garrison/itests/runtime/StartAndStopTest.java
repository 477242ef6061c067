// SPDX-License-Identifier: Apache-2.0
package garrison.itests.runtime;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.AttachedBpf;
import garrison.itests.Command;
import garrison.itests.EventLines;
import garrison.itests.GarrisonProcess;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Scene;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How {@code garrison run} begins and ends, in good order and otherwise. */
class StartAndStopTest {
    private final Path folder = Guest.scratch("start");
    private final AttackProgram attacks = Guest.attacks();
    private final Scene scene = Scene.make(folder.resolve("scene"));

    @BeforeEach
    void nothingIsAttached() {
        assertEquals(List.of(), AttachedBpf.links(), "left behind by an earlier test");
    }

    private Policy policy() {
        return new Policy(Mode.ENFORCE).runtime(GarrisonProcess.runtime(folder, "bundles = [ file-guard ]"))
                .rule("secrets", Attack.Rule.TREE, scene.guarded(), Operation.WRITE);
    }

    private boolean writeIsDenied() {
        return attacks.run("open-write", scene.file().toString()).denied();
    }

    @Test
    void sigkillThenStartThenSigterm_whileEnforcing_leaveNothing() {
        try (GarrisonProcess first = GarrisonProcess.start(folder, policy()).awaitStarted()) {
            assertTrue(writeIsDenied());
            first.kill();
        }
        try (GarrisonProcess second = GarrisonProcess.start(folder, policy()).awaitStarted();
                EventLines events = second.events()) {
            assertTrue(writeIsDenied(), "a killed one does not keep the next from working");
            assertFalse(AttachedBpf.links().isEmpty());
            Guest.await("the event stream", () -> {
                writeIsDenied();
                return !events.all().isEmpty();
            });
            int exit = second.terminate();
            Guest.await("the end of the event stream", events::ended);
            assertAll(() -> assertEquals(0, exit, second::log),
                    () -> assertEquals(List.of(), AttachedBpf.links()),
                    () -> assertEquals(List.of(), AttachedBpf.programs()),
                    () -> assertEquals(0, events.exit()),
                    () -> assertEquals(List.of(), events.unreadable()),
                    () -> assertFalse(writeIsDenied(), "nobody guards it any more"));
        }
    }

    @Test
    void missingPath_atStart_endsWithThePath() {
        Path missing = scene.fresh().resolve("file");
        GarrisonProcess.configure(folder, policy().rule("missing", Attack.Rule.OBJECT, missing, Operation.READ));
        assertEndsClearly(GarrisonProcess.once("run", "--config", folder.resolve("garrison.conf").toString()),
                missing.toString(), folder + "/garrison.conf:");
    }

    @Test
    void libbpfAbsent_atStart_endsSayingHowToInstallIt() throws IOException {
        GarrisonProcess.configure(folder, policy());
        List<Path> hidden = new ArrayList<>();
        try (Stream<Path> libraries = Files.list(Path.of("/usr/lib/x86_64-linux-gnu"))) {
            for (Path library : libraries.filter(l -> l.getFileName().toString().startsWith("libbpf.so")).toList()) {
                hidden.add(Files.move(library, library.resolveSibling("hidden-" + library.getFileName())));
            }
        }
        try {
            assertFalse(hidden.isEmpty(), "there was none to hide");
            assertEndsClearly(GarrisonProcess.once("run", "--config", folder.resolve("garrison.conf").toString()),
                    "libbpf.so.1", "libbpf1");
        } finally {
            for (Path library : hidden) {
                Files.move(library, library.resolveSibling(library.getFileName().toString().replace("hidden-", "")));
            }
        }
    }

    private static void assertEndsClearly(Command command, String... words) {
        assertAll(() -> assertEquals(1, command.exit(), command::toString),
                () -> assertFalse(command.showsStackTrace(), command::err),
                () -> assertEquals(List.of(), AttachedBpf.links()));
        for (String word : words) {
            assertTrue(command.err().contains(word), () -> "'" + word + "' is not in: " + command.err());
        }
    }
}
