// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.kernel.KernelPrograms;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.object.Owner;
import garrison.itests.Guest;
import garrison.itests.attack.AttackProgram;
import garrison.spi.BpfProgram;
import garrison.spi.Mode;
import garrison.trustedbpf.EarlierProgramEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a stranger had loaded when the gate closed: told, and by policy taken away as far as the kernel lets anybody. */
class EarlierProgramTest {
    private static final String LINE = "loaded by others before the gate closed";

    private final Loaders loaders = new Loaders();
    private final Path certificate = loaders.certificate(Keys.LOADERS, "loaders");
    private final AttackProgram signed = loaders.signed("loader", Keys.LOADERS);

    @AfterEach
    void close() {
        loaders.close();
    }

    private String policy(String more) {
        return Gate.policy(Mode.ENFORCE, List.of(certificate), List.of(), loaders.list(), more);
    }

    /** The root of the cgroup2 file system. */
    private static Path cgroups() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mounts")).stream().map(line -> line.split(" ")).filter(mount -> mount[2].equals("cgroup2"))
                .map(mount -> Path.of(mount[1])).findFirst().orElseThrow();
    }

    private static String line(Gate gate) {
        return gate.garrison().status().plugins().getFirst().figures().getOrDefault(LINE, "");
    }

    @Test
    void programOfAStranger_isToldOnce_andListedWhileItIsThere() {
        AttackProgram.Attempt stranger = Guest.attacks().start(List.of("bpf-hold"));
        stranger.awaitHeld();
        try (Gate gate = Gate.start(policy(""))) {
            Guest.await("it is told", () -> !gate.earlier().isEmpty());
            EarlierProgramEvent told = gate.earlier().getFirst();
            assertEquals(1, gate.earlier().size(), () -> gate.earlier().toString());
            assertEquals("socket_filter 0", told.kind() + " " + told.uid());
            assertTrue(told.loaded().isBefore(told.time()), told::toString);
            assertTrue(line(gate).startsWith("1: " + told.id() + " "), () -> line(gate));
            // What loaders bring from now on is none of these; nor is anything told again.
            AttackProgram.Attempt loader = signed.start(List.of("bpf-hold"));
            loader.awaitHeld();
            gate.reload(policy("loaded-before = report"));
            assertTrue(line(gate).startsWith("1: "), () -> line(gate));
            assertEquals(0, loader.finish().exit());
            assertTrue(stranger.finish().denied(), "what it does now is asked for");
            Guest.await("it has gone", () -> line(gate).isEmpty());
            assertEquals(1, gate.earlier().size());
        }
    }

    /** A link that only its pin holds goes with it; one that a process holds is detached. What has no such link stays while it is held. */
    @Test
    void programOfAStranger_isRemoved_whenTheGateRefuses_unlessAProcessHoldsIt() throws IOException {
        Path cgroup = Files.createDirectories(cgroups().resolve("garrison-earlier"));
        Path other = Files.createDirectories(cgroups().resolve("garrison-earlier-held"));
        Path pin = Path.of("/sys/fs/bpf/garrison-earlier");
        AttackProgram attacks = Guest.attacks();
        assertEquals("", attacks.run("bpf-pin-cgroup", cgroup.toString(), pin.toString()).refused());
        AttackProgram.Attempt holder = attacks.start(List.of("bpf-hold"));
        AttackProgram.Attempt linker = attacks.start(List.of("bpf-hold-cgroup", other.toString()));
        holder.awaitHeld();
        linker.awaitHeld();
        try (Gate gate = Gate.start(policy("loaded-before = report"))) {
            Guest.await("all are told", () -> gate.earlier().size() == 3);
            assertEquals(List.of("", "", ""), gate.earlier().stream().map(EarlierProgramEvent::removal).toList());
            assertEquals("socket: EPERM", attacks.run("socket-in", cgroup.toString()).refused(), "what was there before goes on");
            assertEquals("socket: EPERM", attacks.run("socket-in", other.toString()).refused(), "this too");

            gate.reload(Gate.policy(Mode.AUDIT, List.of(certificate), List.of(), loaders.list(), "loaded-before = remove"));
            attacks.run("bpf-map-create");
            gate.settle();
            assertEquals(3, gate.earlier().size(), "in AUDIT nothing is removed");
            assertTrue(Files.exists(pin));

            gate.reload(policy("loaded-before = remove"));
            Guest.await("all are told again", () -> gate.earlier().size() == 6);
            List<String> removals = gate.earlier().stream().skip(3).map(told -> told.kind() + ": " + told.removal()).sorted().toList();
            assertEquals(List.of("cgroup_sock: detached 1, held by " + linker.pid(), "cgroup_sock: unpinned " + pin, "socket_filter: held by " + holder.pid()), removals);
            assertTrue(Files.notExists(pin));
            assertEquals("", attacks.run("socket-in", cgroup.toString()).refused());
            assertEquals("", attacks.run("socket-in", other.toString()).refused());
            assertEquals(0, linker.finish().exit());
            Guest.await("one is there", () -> line(gate).startsWith("1: "));

            gate.reload(policy("loaded-before = remove, kept-programs = [ \"*\" ]"));
            Guest.await("it is told as kept", () -> gate.earlier().size() == 7);
            assertEquals("kept", gate.earlier().getLast().removal());
        } finally {
            Files.deleteIfExists(pin);
            holder.finish();
            Files.delete(cgroup);
            Files.delete(other);
        }
    }

    /** Who looks holds each program for a moment; that makes it nobody's own. */
    @Test
    void programOfAStranger_isNotTakenForOurs_whileSeveralLook() throws Exception {
        KernelPrograms programs = new KernelPrograms(Libbpf.open(), Instant::ofEpochMilli, new Owner("test", "this kernel"));
        Set<Long> before = programs.all().stream().map(BpfProgram::id).collect(Collectors.toSet());
        AttackProgram.Attempt stranger = Guest.attacks().start(List.of("bpf-hold"));
        stranger.awaitHeld();
        Set<Long> strangers = programs.all().stream().map(BpfProgram::id).filter(id -> !before.contains(id)).collect(Collectors.toSet());
        assertEquals(1, strangers.size(), strangers::toString);
        AtomicInteger mistaken = new AtomicInteger();
        List<Thread> threads = Stream.generate(() -> Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 50; i++) {
                mistaken.addAndGet((int) programs.all().stream().filter(program -> program.own() && strangers.contains(program.id())).count());
            }
        })).limit(4).toList();
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(0, mistaken.get());
        assertEquals(0, stranger.finish().exit());
    }

    @Test
    void programThatMayBeThere_isNotTold() {
        AttackProgram.Attempt stranger = Guest.attacks().start(List.of("bpf-hold"));
        stranger.awaitHeld();
        try (Gate gate = Gate.start(policy("loaded-before = allow"))) {
            assertTrue(Guest.attacks().run("bpf-map-create").denied());
            gate.settle();
            assertEquals("", line(gate));
            assertEquals(List.of(), gate.earlier());
        }
        assertEquals(0, stranger.finish().exit());
    }
}
