// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import garrison.framework.trust.LoaderSignature;
import garrison.framework.trust.Release;
import garrison.itests.Guest;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Outcome;
import garrison.spi.ConfigurationException;
import garrison.spi.KernelVersion;
import garrison.spi.Mode;
import garrison.trustedbpf.BpfUseEvent;
import garrison.trustedbpf.LoaderTrustEvent;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** What the gate guards besides bpf(2): the process that runs it, its files; single files revoked; what trusted loaders load. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProtectionTest {
    private static final KernelVersion SIGNED_PROGRAMS = new KernelVersion(6, 18, 0);
    /** Java ignores it, and those who send it may do as well as with SIGKILL. */
    private static final String SIGPIPE = "13";
    private static final String SYSCALL = "31";
    private static final String SOCKET_FILTER = "1";
    /** {@code r0 = 0; exit}, which the attack program loads. */
    private static final byte[] CODE = HexFormat.of().parseHex("b7000000000000009500000000000000");

    private final String own = String.valueOf(ProcessHandle.current().pid());
    private final AttackProgram stranger = Guest.attacks();
    private final Loaders loaders = new Loaders();
    private final Path certificate = loaders.certificate(Keys.LOADERS, "loaders");
    private final Path foreign = loaders.certificate(Keys.FOREIGN, "foreign");
    private final AttackProgram loader = loaders.signed("loader", Keys.LOADERS);
    private final Map<String, Outcome> ungated = new LinkedHashMap<>();
    private Path mapped;
    private MappedByteBuffer held;
    private Path signature;
    private Path foreignSignature;
    private Path der;
    private Gate gate;

    /** Each is refused by the gate, and by nothing without it. */
    private Map<String, List<String>> attempts() {
        Map<String, List<String>> all = new LinkedHashMap<>();
        all.put("signal " + SIGPIPE, List.of("signal", own, SIGPIPE));
        all.put("write_file open", List.of("open-append", mapped.toString()));
        all.put("write_file truncate", List.of("truncate", mapped.toString()));
        all.put("write_file open and truncate", List.of("open-truncate", mapped.toString()));
        return all;
    }

    @BeforeAll
    void start() throws IOException, GeneralSecurityException {
        signature = Files.write(loaders.folder().resolve("code.sig"), Keys.LOADERS.sign(CODE));
        foreignSignature = Files.write(loaders.folder().resolve("foreign.sig"), Keys.FOREIGN.sign(CODE));
        der = Files.write(loaders.folder().resolve("foreign.der"), Keys.FOREIGN.certificate().certificate().getEncoded());
        mapped = Files.write(Guest.scratch("mapped").resolve("library"), new byte[8192]);
        attempts().forEach((name, words) -> ungated.put(name, stranger.run(words)));
        Files.write(mapped, new byte[8192]);
        try (FileChannel channel = FileChannel.open(mapped)) {
            // Mapped until Java collects it, which it does not before the class is done with.
            held = channel.map(FileChannel.MapMode.READ_ONLY, 0, 8192);
        }
        gate = Gate.start(policy(""));
    }

    @AfterAll
    void stop() {
        if (gate != null) {
            gate.close();
        }
        loaders.close();
        assertEquals(0, held.get(0));
    }

    private String policy(String more) {
        return Gate.policy(Mode.ENFORCE, List.of(certificate, foreign), List.of(), loaders.list(), more);
    }

    @TestFactory
    Stream<DynamicTest> attempt_withoutTheGate_succeeds() {
        return ungated.entrySet().stream().map(e -> dynamicTest(e.getKey(), () -> assertEquals(0, e.getValue().exit(), e.getValue()::toString)));
    }

    @TestFactory
    Stream<DynamicTest> attemptOnTheRuntime_byAStranger_isDeniedAndTold() {
        Map<String, List<String>> all = attempts();
        all.put("signal 9", List.of("signal", own, "9"));
        all.put("signal 19", List.of("signal", own, "19"));
        return all.entrySet().stream().map(e -> dynamicTest(e.getKey(), () -> {
            Outcome outcome = stranger.run(e.getValue());
            gate.settle();
            assertEquals(Outcome.EPERM, outcome.exit(), outcome::toString);
            List<BpfUseEvent> told = gate.uses(outcome.pid());
            assertEquals(1, told.size(), told::toString);
            String[] words = e.getKey().split(" ");
            assertAll(told.toString(), () -> assertEquals(words[0], told.getFirst().act()),
                    () -> assertEquals("unsigned", told.getFirst().reason()),
                    () -> assertEquals(words[0].equals("signal") ? words[1] : "", told.getFirst().command()));
        }));
    }

    /** SIGHUP and SIGTERM ask; SIGURG means nothing to it. */
    @Test
    void signal_thatDoesNotEndIt_passes() {
        assertEquals(0, stranger.run("signal", own, "23").exit());
        assertEquals(0, stranger.run("signal", own, "0").exit());
    }

    @Test
    void process_notProtected_getsSignals() {
        gate.reload(policy("protect-process = false, successor = false"));
        try {
            assertEquals(0, stranger.run("signal", own, SIGPIPE).exit());
            assertEquals(0, stranger.run("open-append", mapped.toString()).exit());
        } finally {
            gate.reload(policy(""));
        }
    }

    /** One file of several that a key signed. */
    @Test
    void digest_revoked_makesJustThisFileNoLoader() {
        assertEquals(0, loader.run("bpf-map-create").exit());
        String digest = "sha256:" + HexFormat.of().formatHex(Loaders.digest(loader.file()).digest());
        AttackProgram other = loaders.signedOther("other", Keys.LOADERS);
        gate.reload(policy("revoked-digests = [ \"" + digest + "\" ]"));
        try {
            Outcome outcome = loader.run("bpf-map-create");
            Outcome still = other.run("bpf-map-create");
            gate.settle();
            assertEquals(Outcome.EPERM, outcome.exit(), outcome::toString);
            assertEquals(List.of("revoked_digest"), gate.uses(outcome.pid()).stream().map(BpfUseEvent::reason).toList());
            assertEquals(List.of("revoked_digest"), gate.trust(outcome.pid()).stream().map(LoaderTrustEvent::reason).toList());
            assertEquals(0, still.exit(), still::toString);
        } finally {
            gate.reload(policy(""));
        }
    }

    /** A version that is known to be bad, signed well; and the same file with its version taken off, or made another. */
    @Test
    void version_belowTheMinimum_isRefusedForItsOwnReason() {
        AttackProgram first = loaders.signed("first", Keys.LOADERS, new Release("tracer", 1));
        AttackProgram second = loaders.signed("second", Keys.LOADERS, new Release("tracer", 2));
        AttackProgram another = loaders.signed("another", Keys.LOADERS, new Release("another", 1));
        byte[] kept = LoaderSignature.make(Keys.LOADERS, Loaders.digest(loader.file()), Optional.of(new Release("tracer", 1))).encoded();
        AttackProgram stripped = attached("stripped", LoaderSignature.of(kept).der());
        AttackProgram raised = attached("raised",
                new LoaderSignature(Optional.of(new Release("tracer", 2)), LoaderSignature.of(kept).der()).encoded());
        AttackProgram renamed = attached("renamed",
                new LoaderSignature(Optional.of(new Release("another", 1)), LoaderSignature.of(kept).der()).encoded());
        try {
            gate.reload(policy(""));
            trusted(first, second, another);
            gate.reload(policy("minimum-versions { tracer = 2 }"));
            refusedFor("revoked_version", first);
            trusted(second, another, loader);
            refusedFor("altered", stripped, raised, renamed);
            gate.reload(policy("minimum-versions { any = 1, another = 2 }"));
            refusedFor("revoked_version", loader, another);
            trusted(first, second);
        } finally {
            gate.reload(policy(""));
        }
    }

    private AttackProgram attached(String name, byte[] kept) {
        Path file = loaders.copy(name);
        loaders.attach(file, kept);
        return new AttackProgram(file);
    }

    private static void trusted(AttackProgram... programs) {
        for (AttackProgram program : programs) {
            assertEquals(0, program.run("bpf-map-create").exit(), () -> program.file().toString());
        }
    }

    private void refusedFor(String reason, AttackProgram... programs) {
        for (AttackProgram program : programs) {
            Outcome outcome = program.run("bpf-map-create");
            gate.settle();
            assertEquals(Outcome.EPERM, outcome.exit(), outcome::toString);
            assertEquals(List.of(reason), gate.uses(outcome.pid()).stream().map(BpfUseEvent::reason).toList());
        }
    }

    /** What a trusted process has it keeps when the programs are exchanged under it. */
    @Test
    void trust_survivesAReload() {
        AttackProgram.Attempt holding = loader.start(List.of("bpf-hold"));
        holding.awaitHeld();
        gate.reload(policy(""));
        assertEquals(0, holding.finish().exit());
    }

    @Test
    void signedPrograms_whereTheKernelChecksNone_areRefusedAsAPolicy() {
        Assumptions.assumeTrue(Guest.kernel().compareTo(SIGNED_PROGRAMS) < 0, "the kernel checks programs' signatures from 6.18 on");
        ConfigurationException e = assertThrows(ConfigurationException.class,
                () -> gate.reload(Gate.policy(Mode.ENFORCE, List.of(certificate), List.of(), loaders.list(), "programs = signed")));
        assertTrue(e.getMessage().contains("programs is signed") && e.getMessage().contains("6.18"), e::getMessage);
    }

    @TestFactory
    Stream<DynamicTest> program_notSignedAsThePolicyWants_isDeniedToATrustedLoader() throws IOException {
        Assumptions.assumeTrue(Guest.kernel().compareTo(SIGNED_PROGRAMS) >= 0, "the kernel checks programs' signatures from 6.18 on");
        gate.reload(Gate.policy(Mode.ENFORCE, List.of(certificate), List.of(), loaders.list(), "programs = signed"));
        String keyring = Loaders.keyrings().getLast();
        String sig = signature.toString();
        return Stream.of(
                dynamicTest("good", () -> assertEquals(0, loader.run("bpf-load-signed", keyring, sig, SYSCALL, "0").exit())),
                dynamicTest("unsigned", () -> refused("program_unsigned", keyring, "none", SYSCALL, "0")),
                dynamicTest("not a loader program", () -> refused("program_kind", keyring, sig, SOCKET_FILTER, "0")),
                dynamicTest("another keyring", () -> refused("program_keyring", der.toString(), foreignSignature.toString(), SYSCALL, "0")),
                dynamicTest("altered", () -> assertNotEquals(0, loader.run("bpf-load-signed", keyring, sig, SYSCALL, "1").exit())),
                dynamicTest("signed by a stranger", () -> assertNotEquals(0,
                        loader.run("bpf-load-signed", keyring, foreignSignature.toString(), SYSCALL, "0").exit())),
                dynamicTest("by a process that is not trusted", () -> assertEquals(Outcome.EPERM,
                        stranger.run("bpf-load-signed", keyring, sig, SYSCALL, "0").exit())),
                dynamicTest("control: any program", () -> {
                    gate.reload(policy(""));
                    assertEquals(0, loader.run("bpf-load-signed", keyring, "none", SYSCALL, "0").exit());
                    assertEquals(0, loader.run("bpf-load-signed", der.toString(), foreignSignature.toString(), SYSCALL, "0").exit());
                }));
    }

    private void refused(String reason, String... words) {
        Outcome outcome = loader.run(Stream.concat(Stream.of("bpf-load-signed"), Stream.of(words)).toList());
        gate.settle();
        assertEquals(Outcome.EPERM, outcome.exit(), outcome::toString);
        assertEquals(List.of(reason), gate.uses(outcome.pid()).stream().map(BpfUseEvent::reason).toList());
        assertEquals(List.of("load_signed"), gate.uses(outcome.pid()).stream().map(BpfUseEvent::act).toList());
    }
}
