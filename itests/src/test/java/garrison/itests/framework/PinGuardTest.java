// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.libbpf.Libc;
import garrison.framework.link.PinFolder;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.SyscallRun;
import garrison.itests.AttachedBpf;
import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.framework.gap.GapProcess;
import garrison.itests.framework.gap.GapScene;
import garrison.spi.GarrisonException;
import garrison.spi.PluginState;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Root against pins: what {@link Attack} lists fails with the guard, whether its owner lives or not, and succeeds without. */
@Timeout(900)
class PinGuardTest {
    private static final Path BPF = Path.of("/sys/fs/bpf");
    private static final Path PINS = BPF.resolve("garrison");
    private static final Path INSTANCE = PINS.resolve("default");
    private static final String CONFIG = "garrison { pin = true, plugins.gap { mode = ENFORCE, programs = [ gap_mkdir ] } }";

    /** What root does, and how it is undone where it succeeds. */
    private enum Attack {
        UNLINK(List.of("rm", INSTANCE + "/gap/1/link_gap_mkdir"), List.of()),
        RMDIR(List.of("rmdir", INSTANCE + "/left"), List.of("mkdir", INSTANCE + "/left")),
        RENAME(List.of("mv", "-T", INSTANCE + "/gap/1/link_gap_mkdir", INSTANCE + "/gap/1/x"),
                List.of("mv", "-T", INSTANCE + "/gap/1/x", INSTANCE + "/gap/1/link_gap_mkdir")),
        RENAME_INSTANCE(List.of("mv", "-T", INSTANCE.toString(), BPF + "/x"), List.of("mv", "-T", BPF + "/x", INSTANCE.toString())),
        RENAME_ABOVE(List.of("mv", "-T", PINS.toString(), BPF + "/x"), List.of("mv", "-T", BPF + "/x", PINS.toString())),
        UNMOUNT(List.of("umount", BPF.toString()), List.of("mount", "-t", "bpf", "-o", "mode=700", "bpffs", BPF.toString())),
        UNMOUNT_LAZILY(List.of("umount", "-l", BPF.toString()), UNMOUNT.undone),
        UNMOUNT_ABOVE(List.of("umount", "-l", "/sys"), List.of()),
        UNMOUNT_IN_A_PEER(List.of("unshare", "-m", "--propagation", "unchanged", "umount", "-l", BPF.toString()), UNMOUNT.undone);

        final List<String> done;
        final List<String> undone;

        Attack(List<String> done, List<String> undone) {
            this.done = done;
            this.undone = undone;
        }

        boolean succeeds() {
            Command command = Command.run(done.toArray(String[]::new));
            System.out.println(this + ": " + command.exit() + " " + command.err().strip());
            return command.exit() == 0;
        }

        void undo() {
            Command.run(undone.toArray(String[]::new)).success();
        }
    }

    private final GapScene scene = new GapScene();
    private int links;

    @BeforeEach
    void begin() {
        links = AttachedBpf.links().size();
        // So that an unmount in another namespace comes over.
        Command.run("mount", "--make-shared", "/sys").success();
    }

    @AfterEach
    void end() {
        scene.close();
        Command.run("mount", "--make-private", "/sys").success();
        if (Files.exists(PINS)) {
            // After a failure: whoever claims them may take them away, and no other test shall suffer.
            Garrison.builder().config(ConfigFactory.parseString(CONFIG)).start().close();
        }
        Guest.await("nothing stays attached", () -> AttachedBpf.links().size() == links);
        assertTrue(Files.notExists(PINS), "pins are left");
    }

    private void assertRefused(int number) {
        assertThrows(FileSystemException.class, () -> Files.createDirectory(scene.protectedDirectory.resolve(String.valueOf(number))));
    }

    private static void assertAllFail(String when) throws IOException {
        for (Attack attack : Attack.values()) {
            assertTrue(!attack.succeeds(), attack + " " + when);
        }
        assertEquals(MoveMount.EPERM, MoveMount.move(BPF, Files.createTempDirectory("moved-")), "move_mount " + when);
        assertTrue(Files.exists(INSTANCE.resolve("gap/1/link_gap_mkdir")), when);
        for (Path pin : guard()) {
            assertNotEquals(0, Command.run("rm", pin.toString()).exit(), "rm " + pin + " " + when);
        }
    }

    /** This process, which is root's too, can neither make itself the owner while another lives nor write who it is. */
    private static void assertNotOwner() throws IOException {
        for (Path pin : guard()) {
            String name = pin.getFileName().toString();
            try (Arena scratch = Arena.ofConfined()) {
                int folder = Libc.open(INSTANCE.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC);
                int fd = Objects.LIBBPF.objectGet(scratch.allocateFrom(pin.toString()));
                if (name.equals("map_pins_state")) {
                    assertEquals(-MoveMount.EPERM, Objects.LIBBPF.mapUpdate(fd, scratch.allocate(4, 4), scratch.allocate(1024, 8), 0), name);
                } else if (name.startsWith("program_")) {
                    assertEquals(1, SyscallRun.run(Objects.LIBBPF, Objects.OWNER, fd, name, Objects.key(folder)), name);
                }
                Libc.close(fd);
                Libc.close(folder);
            }
        }
    }

    private static List<Path> guard() throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(INSTANCE, "_guard-*");
                Stream<Path> pins = Files.list(folders.iterator().next())) {
            return pins.toList();
        }
    }

    @Test
    void attacksOnPins_withTheGuard_fail() throws IOException {
        GapProcess process = scene.guarding(0, CONFIG);
        Command.run(Attack.RMDIR.undone.toArray(String[]::new)).success();
        assertAllFail("while the owner lives");
        assertNotOwner();
        var other = assertThrows(GarrisonException.class, () -> Garrison.builder().config(ConfigFactory.parseString(CONFIG)).start());
        assertTrue(other.getMessage().contains("garrison.instance"), other.getMessage());
        process.kill();
        assertAllFail("when the owner was killed");
        assertRefused(1);
        try (Garrison next = Garrison.builder().config(ConfigFactory.parseString(CONFIG)).plugin(scene.plugin()).start()) {
            var status = next.status().plugins().getFirst();
            assertEquals(PluginState.ACTIVE, status.state(), status.reason());
            assertRefused(2);
            assertNotEquals(0, Command.run("umount", BPF.toString()).exit());
        }
        Files.createDirectory(scene.protectedDirectory.resolve("3"));
    }

    @Test
    void attacksOnPins_withoutTheGuard_succeed() throws IOException {
        for (Attack attack : Attack.values()) {
            if (attack == Attack.UNMOUNT_ABOVE) {
                continue; // this machine needs its /sys
            }
            leavePins();
            Command.run(Attack.RMDIR.undone.toArray(String[]::new)).success();
            assertEquals(links + 1, AttachedBpf.links().size(), "pinned");
            assertTrue(attack.succeeds(), attack.toString());
            if (attack == Attack.UNLINK || attack.toString().startsWith("UNMOUNT")) {
                Guest.await(attack + " detaches", () -> AttachedBpf.links().size() == links);
            }
            if (!attack.undone.isEmpty()) {
                attack.undo();
            }
            Command.run("rm", "-rf", PINS.toString()).success();
            Guest.await("detached", () -> AttachedBpf.links().size() == links);
        }
        Command.run("mount", "--make-private", "/sys").success(); // from below a shared mount none is moved
        Path elsewhere = Files.createTempDirectory("moved-");
        assertEquals(0, MoveMount.move(BPF, elsewhere), "move_mount");
        assertEquals(0, MoveMount.move(elsewhere, BPF));
    }

    /** What a killed process without the guard would leave, and no process. */
    private static void leavePins() {
        try (LoadedBpfObject object = Objects.load("count_unlink"); PinFolder folder = PinFolder.open(Objects.LIBBPF, "default")) {
            object.attach(Objects.program(object, "count_unlink")).leave(folder.create("gap", 1));
        }
        Path run = INSTANCE.resolve("gap/1");
        Command.run("mv", "-T", run.resolve("link_count_unlink").toString(), run.resolve("link_gap_mkdir").toString()).success();
    }
}
