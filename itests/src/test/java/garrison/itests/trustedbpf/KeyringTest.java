// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import garrison.itests.Guest;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Outcome;
import garrison.spi.GarrisonException;
import garrison.spi.Mode;
import garrison.trustedbpf.BpfUseEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Root against the keyrings by which the gate checks signatures: to add a key, to change them, to take them away. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KeyringTest {
    private static final String ATTEMPT = "bpf-map-create";
    /** Operations that the keyring's permissions forbid already. */
    private static final List<String> CHANGES = List.of("revoke", "chown", "setperm", "clear", "link", "set_timeout", "restrict_keyring", "move");

    private final AttackProgram root = Guest.attacks();
    private final Loaders loaders = new Loaders();
    private final Path certificate = loaders.certificate(Keys.LOADERS, "loaders");
    private final AttackProgram good = loaders.signed("good", Keys.LOADERS);
    private final AttackProgram foreign = loaders.signed("foreign", Keys.FOREIGN);
    private Gate gate;

    @BeforeAll
    void start() {
        gate = Gate.start(policy(Mode.ENFORCE));
    }

    @AfterAll
    void stop() {
        if (gate != null) {
            gate.close();
        }
        loaders.close();
    }

    private String policy(Mode mode) {
        return Gate.policy(mode, List.of(certificate), List.of(), loaders.list(), "");
    }

    private static String keyring() {
        return Loaders.keyrings().getLast();
    }

    /** The certificate's own key, in our keyring. */
    private String key() {
        return root.run("key-list", keyring()).output().strip();
    }

    /** Root can do so to keys of its own. */
    @TestFactory
    Stream<DynamicTest> change_ofAnotherKeyring_passes() {
        return CHANGES.stream().map(operation -> dynamicTest(operation, () -> {
            Outcome outcome = root.run("key-control", operation, "keyring");
            gate.settle();
            assertEquals(0, outcome.exit(), outcome::toString);
            assertEquals(List.of(), gate.uses(outcome.pid()));
        }));
    }

    @Test
    void otherKeysOfTheUser_areNoneOfTheGatesBusiness() {
        for (String operation : List.of("update", "unlink", "invalidate", "revoke")) {
            Outcome outcome = root.run("key-control", operation, "key");
            gate.settle();
            assertEquals(0, outcome.exit(), outcome::toString);
            assertEquals(List.of(), gate.uses(outcome.pid()));
        }
    }

    @TestFactory
    Stream<DynamicTest> change_ofTheKeyringOrItsKey_isRefused() {
        String key = key();
        return Stream.concat(
                CHANGES.stream().map(operation -> dynamicTest(operation, () -> refused(root.run("key-control", operation, keyring())))),
                Stream.of("update", "revoke", "set_timeout", "setperm").map(operation -> dynamicTest(operation + " the certificate",
                        () -> refused(root.run("key-control", operation, key)))));
    }

    private void refused(Outcome outcome) {
        assertTrue(outcome.denied(), outcome::toString);
        assertEquals(0, good.run(ATTEMPT).exit());
    }

    /** What permissions cannot forbid: without the guard each makes the gate trust nobody. In AUDIT it is told, and lets itself be done. */
    @TestFactory
    Stream<DynamicTest> removal_worksWithoutTheGuard_andIsRefusedWithIt() {
        return Stream.of("unlink keyring", "invalidate keyring", "invalidate key", "clear user").map(words ->
                dynamicTest(words, () -> {
                    String operation = words.split(" ")[0];
                    gate.reload(policy(Mode.AUDIT));
                    Outcome done = root.run("key-control", operation, target(words));
                    Outcome after = good.run(ATTEMPT);
                    gate.reload(policy(Mode.ENFORCE));
                    Outcome refused = root.run("key-control", operation, target(words));
                    gate.settle();
                    assertAll(() -> assertEquals(0, done.exit(), done::toString),
                            () -> assertTrue(Set.of("no_keyring", "wrong_key", "failed").contains(reason(after)), () -> reason(after)),
                            () -> told(done, operation, 0),
                            () -> assertTrue(refused.denied(), refused::toString),
                            () -> told(refused, operation, -1),
                            () -> assertEquals(0, good.run(ATTEMPT).exit()));
                }));
    }

    private String target(String words) {
        return switch (words.split(" ")[1]) {
            case "keyring" -> keyring();
            case "key" -> key();
            default -> "user";
        };
    }

    private String reason(Outcome outcome) {
        return gate.trust(outcome.pid()).getFirst().reason();
    }

    /** Told more than once when the kernel asks more than once: whether the key is possessed, and whether it may be done. */
    private void told(Outcome outcome, String operation, int verdict) {
        List<BpfUseEvent> told = gate.uses(outcome.pid());
        assertEquals(List.of("keyctl " + operation + " unsigned " + verdict),
                told.stream().map(use -> use.act() + " " + use.command() + " " + use.reason() + " " + use.verdict()).distinct().toList());
    }

    /** The gate in force stays; with room for keys the same policy comes into force. */
    @Test
    void keyThatRootMayNotHaveAnyMore_isToldWithItsRemedy() throws IOException {
        Path most = Path.of("/proc/sys/kernel/keys/root_maxkeys");
        // Not readString: it reads a byte first, and such a file has no second part.
        String before = Files.readAllLines(most).getFirst();
        // Not as many as there are now: keys taken away before are counted until the kernel has collected them, which may be any moment.
        Files.writeString(most, "1");
        try {
            GarrisonException full = assertThrows(GarrisonException.class, () -> gate.reload(policy(Mode.ENFORCE)));
            assertTrue(full.getMessage().contains("kernel.keys.root_maxkeys"), full.getMessage());
            assertTrue(full.getMessage().contains("plugin trusted-bpf, kernel " + Guest.kernel()), full.getMessage());
            assertEquals(0, good.run(ATTEMPT).exit(), "the gate in force knows its keys");
            assertTrue(root.run(ATTEMPT).denied());
        } finally {
            Files.writeString(most, before);
        }
        gate.reload(policy(Mode.ENFORCE));
        assertEquals(0, good.run(ATTEMPT).exit());
    }

    /** Root cannot make a keyring of ours know another key; one of his own he can. */
    @Test
    void keyPlantedByRoot_isRefused() throws IOException, GeneralSecurityException {
        Path der = Files.write(Guest.scratch("plant").resolve("foreign.der"), Keys.FOREIGN.certificate().certificate().getEncoded());
        assertEquals(0, root.run("key-plant", "0", der.toString()).exit(), "the attack as such works");
        List<String> ours = Loaders.keyrings();
        assertFalse(ours.isEmpty());
        for (String serial : ours) {
            Outcome outcome = root.run("key-plant", serial, der.toString());
            assertEquals(Outcome.EACCES, outcome.exit(), outcome::toString);
        }
        Outcome outcome = foreign.run(ATTEMPT);
        gate.settle();
        assertEquals(List.of("wrong_key"), gate.uses(outcome.pid()).stream().map(BpfUseEvent::reason).toList());
    }
}
