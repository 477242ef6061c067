// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Guest;
import garrison.itests.attack.AttackProgram;
import garrison.spi.Mode;
import garrison.trustedbpf.EarlierProgramEvent;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a stranger had loaded when the gate closed: the gate cannot undo it, so it is told. */
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
