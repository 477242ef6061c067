// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import garrison.framework.Garrison;
import garrison.framework.trust.SigningKey;
import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.AttackServer;
import garrison.itests.attack.Outcome;
import garrison.itests.neighbour.NeighbourPlugin;
import garrison.spi.ConfigurationException;
import garrison.spi.Mode;
import garrison.spi.PluginState;
import garrison.spi.ProgramSource;
import garrison.trustedbpf.BpfUseEvent;
import garrison.trustedbpf.LoaderTrustEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * What only trusted processes may do, tried by others, by bpf(2) and by the ways round it: before the gate is there, where it goes
 * through, and with it. All as root, with all capabilities.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GateTest {
    /** LINK_DETACH and PROG_BIND_MAP, then TOKEN_CREATE, which 6.1 does not have. */
    private static final int LAST_COMMAND = Loaders.byList() ? 35 : 36;
    private static final String VICTIM = "VICTIM";
    private static final Path PIN = Path.of("/sys/fs/bpf/garrison-test-pin");
    private static final Path PROGRAM_PIN = Path.of("/sys/fs/bpf/garrison-test-program");

    private final AttackProgram stranger = Guest.attacks();
    private final Loaders loaders = new Loaders();
    private final SigningKey key = Keys.LOADERS;
    private final Path certificate = loaders.certificate(key, "loaders");
    private final AttackProgram loader = loaders.signed("loader", key);
    private final Map<String, Outcome> ungated = new LinkedHashMap<>();
    private Outcome tokenUngated;
    private Path script;
    private Gate gate;

    /** What is tried: words for it, and how. Each is refused once by the gate, and by nothing without it. */
    private Map<String, Supplier<Outcome>> attempts() {
        Map<String, Supplier<Outcome>> all = new LinkedHashMap<>();
        String self = stranger.file().toString();
        all.put("bpf map_create", () -> stranger.run("bpf-map-create"));
        all.put("bpf prog_load", () -> stranger.run("bpf-prog-load"));
        all.put("bpf obj_get", () -> stranger.run("bpf-obj-get", PIN.toString()));
        all.put("bpf map_get_next_id", () -> stranger.run("bpf-by-id", "map"));
        all.put("bpf prog_get_next_id", () -> withVictim("bpf-by-id", "prog"));
        all.put("perf_attach ", () -> loader.run("bpf-leak", self, "perf-attach"));
        all.put("socket_attach ", () -> loader.run("bpf-leak", self, "socket-attach"));
        all.put("socket_attach  reuseport-attach", () -> loader.run("bpf-leak", self, "reuseport-attach"));
        all.put("net_attach  xdp-attach", () -> loader.run("bpf-leak", self, "xdp-attach"));
        all.put("net_attach  tun-attach", () -> loader.run("bpf-leak", self, "tun-attach"));
        all.put("net_attach  tc-attach", () -> loader.run("bpf-leak", self, "tc-attach"));
        all.put("net_attach  kcm-attach", () -> loader.run("bpf-leak", self, "kcm-attach"));
        all.put("net_attach  iptables-attach", () -> loader.run("bpf-leak", self, "iptables-attach"));
        all.put("net_attach  iptables-pinned", () -> stranger.run("iptables-pinned", PROGRAM_PIN.toString()));
        all.put("bpf prog_load freplace", () -> loader.run("bpf-leave-target", self));
        all.put("receive ", () -> loader.run("bpf-send", self));
        all.put("trace  bpf-getfd", () -> withVictim("bpf-getfd", VICTIM));
        all.put("trace  trace-attach", () -> withVictim("trace-attach", VICTIM));
        all.put("trace  trace-memory", () -> withVictim("trace-memory", VICTIM));
        return all;
    }

    /** Attacks a trusted process that holds a program; it must be as trusted afterwards as before. */
    private Outcome withVictim(String attack, String argument) {
        AttackProgram.Attempt victim = loader.start(List.of("bpf-hold"));
        victim.awaitHeld();
        Outcome outcome = stranger.run(attack, argument.equals(VICTIM) ? String.valueOf(victim.pid()) : argument);
        assertEquals(0, victim.finish().exit(), "the victim goes on");
        return outcome;
    }

    @BeforeAll
    void start() throws IOException {
        Files.deleteIfExists(PIN);
        Files.deleteIfExists(PROGRAM_PIN);
        assertEquals(0, stranger.run("bpf-pin", PIN.toString()).exit());
        assertEquals(0, stranger.run("bpf-pin-program", PROGRAM_PIN.toString()).exit());
        script = Files.writeString(loaders.folder().resolve("script"), "#!" + loader.file() + " bpf-mapped\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        Command.run("modprobe", "-a", "tun", "sch_ingress", "cls_bpf", "kcm", "iptable_filter", "xt_bpf").success();
        attempts().forEach((name, attempt) -> ungated.put(name, attempt.get()));
        try (AttackServer server = new AttackServer(stranger)) {
            for (int command = 0; command <= LAST_COMMAND; command++) {
                Outcome outcome = server.run("bpf-command", String.valueOf(command));
                assertEquals(0, outcome.exit(), "without the gate: " + outcome);
            }
        }
        if (!Loaders.byList()) {
            tokenUngated = stranger.run("bpf-token", "map");
        }
        gate = Gate.start(policy(Mode.ENFORCE, ""));
    }

    @AfterAll
    void stop() throws IOException {
        if (gate != null) {
            gate.close();
        }
        loaders.close();
        Files.deleteIfExists(PIN);
        Files.deleteIfExists(PROGRAM_PIN);
    }

    private String policy(Mode mode, String more) {
        return Gate.policy(mode, List.of(certificate), List.of(), loaders.list(), more);
    }

    /** The negative control of all the others. */
    @TestFactory
    Stream<DynamicTest> attempt_withoutTheGate_succeeds() {
        return ungated.entrySet().stream().map(e -> dynamicTest(e.getKey(),
                () -> assertEquals(0, e.getValue().exit(), () -> e.getKey() + ": " + e.getValue())));
    }

    @TestFactory
    Stream<DynamicTest> attempt_byAStranger_isDeniedAndTold() {
        return attempts().entrySet().stream().map(e -> dynamicTest(e.getKey(), () -> {
            Outcome outcome = e.getValue().get();
            gate.settle();
            String[] words = e.getKey().split(" ", -1);
            assertTrue(outcome.denied(), () -> e.getKey() + " went through: " + outcome);
            BpfUseEvent told = only(gate.uses(outcome.pid()));
            assertAll(told.toString(),
                    () -> assertEquals(words[0], told.act()),
                    () -> assertEquals(words[1], told.command()),
                    () -> assertEquals("unsigned", told.reason()),
                    () -> assertEquals(-1, told.verdict()),
                    () -> assertEquals(Mode.ENFORCE, told.mode()));
        }));
    }

    @Test
    void everyCommand_byAStranger_isDenied() {
        try (AttackServer server = new AttackServer(stranger)) {
            List<Outcome> outcomes = IntStream.rangeClosed(0, LAST_COMMAND)
                    .mapToObj(command -> server.run("bpf-command", String.valueOf(command))).toList();
            gate.settle();
            assertAll(outcomes.stream().map(outcome -> () -> {
                assertEquals(Outcome.EPERM, outcome.exit(), outcome::toString);
                assertEquals("bpf", only(gate.uses(outcome.pid())).act());
            }));
        }
    }

    @TestFactory
    Stream<DynamicTest> loader_signed_isTrusted() {
        return Stream.of("bpf-map-create", "bpf-prog-load", "bpf-in-fork", "bpf-in-thread").map(name -> dynamicTest(name, () -> {
            Outcome outcome = loader.run(name);
            gate.settle();
            assertEquals(0, outcome.exit(), outcome::toString);
            LoaderTrustEvent told = only(gate.trust(outcome.pid()));
            assertTrue(told.trusted(), told::toString);
            assertEquals(List.of(), gate.uses(outcome.pid()));
        }));
    }

    @Test
    void trust_afterExecOfAnUnsignedProgram_isGone() {
        refusedFor("unsigned", loader.run("bpf-exec", stranger.file().toString(), "bpf-map-create"));
    }

    @Test
    void trust_startedUnderATracer_isNotGiven() {
        Outcome outcome = stranger.run("trace-exec", loader.file().toString(), "bpf-map-create");
        gate.settle();
        assertEquals(Outcome.EPERM, outcome.exit(), outcome::toString);
        assertEquals("traced", only(gate.uses(Long.parseLong(outcome.output().strip()))).reason());
    }

    /** The script has the loader run whatever it likes. */
    @Test
    void trust_startedThroughAScript_isNotGiven() {
        refusedFor("script", new AttackProgram(script).run());
    }

    @Test
    void trust_afterMappingAnUnsignedLibrary_isGone() throws IOException {
        Path library = Files.writeString(loaders.folder().resolve("library"), "x".repeat(4096));
        refusedFor("mapped", loader.run("bpf-mapped", library.toString()));
        refusedFor("mapped", loader.run("bpf-protected", library.toString()));
    }

    @Test
    void trust_afterMappingASignedLibrary_stays() {
        Path library = loaders.signed("signed-library", key).file();
        gate.reload(policy(Mode.ENFORCE, ""));
        assertEquals(0, loader.run("bpf-mapped", library.toString()).exit());
    }

    @Test
    void audit_letsThroughAndTells() {
        gate.reload(policy(Mode.AUDIT, ""));
        try {
            Outcome outcome = stranger.run("bpf-prog-load");
            gate.settle();
            assertEquals(0, outcome.exit(), outcome::toString);
            BpfUseEvent told = only(gate.uses(outcome.pid()));
            assertEquals("prog_load", told.command());
            assertEquals(Mode.AUDIT, told.mode());
            AttackProgram.Attempt victim = loader.start(List.of("bpf-hold"));
            victim.awaitHeld();
            assertEquals(0, stranger.run("trace-attach", String.valueOf(victim.pid())).exit());
            assertEquals(0, victim.finish().exit());
            gate.settle();
            assertEquals("was_traced", only(gate.uses(victim.pid())).reason(), "what was traced is trusted no more");
        } finally {
            gate.reload(policy(Mode.ENFORCE, ""));
        }
    }

    @Test
    void exception_ofOneCommandForOneProgram_isJustThat() {
        Path excepted = loaders.copy("excepted");
        AttackProgram program = new AttackProgram(excepted);
        gate.reload(policy(Mode.ENFORCE, "exceptions = [ { name = maps, executable = \"" + excepted + "\", uid = 0, commands = map-create } ]"));
        try {
            Outcome granted = program.run("bpf-map-create");
            Outcome other = program.run("bpf-prog-load");
            Outcome another = stranger.run("bpf-map-create");
            gate.settle();
            assertAll(() -> assertEquals(0, granted.exit(), granted::toString),
                    () -> assertEquals(List.of(), gate.uses(granted.pid())),
                    () -> assertEquals(Outcome.EPERM, other.exit(), other::toString),
                    () -> assertEquals(Outcome.EPERM, another.exit(), another::toString));
        } finally {
            gate.reload(policy(Mode.ENFORCE, ""));
        }
    }

    /** The gate may be closed one command after the other. */
    @Test
    void commandThatIsAudited_isToldAndPasses_andNoOther() {
        gate.reload(policy(Mode.ENFORCE, "audit-only = [ map_create, socket_attach ]"));
        try {
            Outcome map = stranger.run("bpf-map-create");
            Outcome socket = loader.run("bpf-leak", stranger.file().toString(), "socket-attach");
            Outcome program = stranger.run("bpf-prog-load");
            gate.settle();
            assertAll(() -> assertEquals(0, map.exit(), map::toString),
                    () -> assertEquals("map_create 0 AUDIT", told(map)),
                    () -> assertEquals(0, socket.exit(), socket::toString),
                    () -> assertEquals(" 0 AUDIT", told(socket)),
                    () -> assertEquals(Outcome.EPERM, program.exit(), program::toString),
                    () -> assertEquals("prog_load -1 ENFORCE", told(program)));
        } finally {
            gate.reload(policy(Mode.ENFORCE, ""));
        }
    }

    private String told(Outcome outcome) {
        BpfUseEvent told = only(gate.uses(outcome.pid()));
        return told.command() + " " + told.verdict() + " " + told.mode();
    }

    /** A token lets a process without privileges in: only a trusted one gets it, and makes its maps by it in its user namespace. */
    @Test
    void token_byAStranger_isDenied_andByALoaderWithoutPrivileges_works() {
        Assumptions.assumeTrue(tokenUngated != null, "tokens take kernel 6.9");
        assertEquals(0, tokenUngated.exit(), () -> "without the gate: " + tokenUngated);
        Outcome stranger = this.stranger.run("bpf-token", "map");
        Outcome trusted = loader.run("bpf-token", "map");
        gate.settle();
        assertEquals("token_create: EPERM", stranger.refused());
        assertEquals("token_create", only(gate.uses(Long.parseLong(stranger.output().strip()))).command());
        assertEquals(0, trusted.exit(), trusted::toString);
    }

    /** Privileges are not enough then: who has them all loads nothing, who has a token does. */
    @Test
    void loaderWithoutAToken_isRefused_whereOnlyTokensCount() {
        if (Loaders.byList()) {
            ConfigurationException refused = assertThrows(ConfigurationException.class, () -> gate.reload(policy(Mode.ENFORCE, "only-by-token = true")));
            assertTrue(refused.getMessage().contains("has no BPF tokens"), refused.getMessage());
            return;
        }
        assertEquals(0, loader.run("bpf-map-create").exit());
        assertEquals(0, loader.run("bpf-prog-load").exit());
        gate.reload(policy(Mode.ENFORCE, "only-by-token = true"));
        try {
            Outcome map = loader.run("bpf-map-create");
            Outcome program = loader.run("bpf-prog-load");
            Outcome byToken = loader.run("bpf-token", "map");
            Outcome programByToken = loader.run("bpf-token", "prog");
            gate.settle();
            assertAll(() -> assertEquals(Outcome.EPERM, map.exit(), map::toString),
                    () -> assertEquals("map_create no_token", only(gate.uses(map.pid())).command() + " " + only(gate.uses(map.pid())).reason()),
                    () -> assertEquals(Outcome.EPERM, program.exit(), program::toString),
                    () -> assertEquals("prog_load no_token", only(gate.uses(program.pid())).command() + " " + only(gate.uses(program.pid())).reason()),
                    () -> assertEquals(0, byToken.exit(), byToken::toString),
                    () -> assertEquals("", programByToken.refused()));
        } finally {
            gate.reload(policy(Mode.ENFORCE, ""));
        }
    }

    /** A trusted process without privileges may by its token what was delegated to it, and what it has capabilities for; no more. */
    @TestFactory
    Stream<DynamicTest> token_ofALoader_isGoodForWhatWasDelegated() {
        Assumptions.assumeTrue(tokenUngated != null, "tokens take kernel 6.9");
        Stream<String> good = Stream.of("btf", "prog", "extension");
        Stream<String> bad = Stream.of("map-without-token map_create", "map-without-capability map_create",
                "map-command-not-delegated map_create", "map-kind-not-delegated map_create", "btf-without-token btf_load",
                "btf-without-capability btf_load", "btf-command-not-delegated btf_load", "prog-without-token prog_load",
                "prog-without-capability prog_load", "prog-command-not-delegated prog_load", "prog-kind-not-delegated prog_load",
                "prog-attachment-not-delegated prog_load", "extension-kind-not-delegated prog_load extension");
        return Stream.concat(
                good.map(name -> dynamicTest(name, () -> assertEquals("", loader.run("bpf-token", name).refused()))),
                bad.map(line -> dynamicTest(line, () -> {
                    String[] words = line.split(" ", 2);
                    assertEquals(words[1] + ": EPERM", loader.run("bpf-token", words[0]).refused());
                })));
    }

    /** However its file system was mounted, a token delegates no more than the policy says; the same one does, without it. */
    @Test
    void token_thatDelegatesMoreThanThePolicySays_isRefused() {
        String limits = "tokens { cmds = [map_create], maps = [stack], progs = [SOCKET_FILTER], attachs = [cgroup-inet-ingress] }";
        if (Loaders.byList()) {
            ConfigurationException refused = assertThrows(ConfigurationException.class, () -> gate.reload(policy(Mode.ENFORCE, limits)));
            assertTrue(refused.getMessage().contains("has no BPF tokens"), refused.getMessage());
            return;
        }
        ConfigurationException unknown = assertThrows(ConfigurationException.class,
                () -> gate.reload(policy(Mode.ENFORCE, "tokens { maps = [stock] }")));
        assertTrue(unknown.getMessage().contains("tokens.maps holds 'stock'"), unknown.getMessage());
        assertTrue(unknown.getMessage().contains("hash"), unknown.getMessage());
        List<String> kinds = List.of("cmds", "maps", "progs", "attachs");
        for (String kind : kinds) {
            assertEquals("", loader.run("bpf-token", "map-limited-but-" + kind).refused(), "without limits");
        }
        gate.reload(policy(Mode.ENFORCE, limits));
        try {
            assertEquals("", loader.run("bpf-token", "map-limited").refused());
            for (String kind : kinds) {
                Outcome refused = loader.run("bpf-token", "map-limited-but-" + kind);
                gate.settle();
                BpfUseEvent event = only(gate.uses(Long.parseLong(refused.output().strip())));
                assertAll(() -> assertEquals("token_create: EPERM", refused.refused()),
                        () -> assertEquals("token_create token_" + kind, event.command() + " " + event.reason()));
            }
            gate.reload(policy(Mode.ENFORCE, "tokens { progs = [] }"));
            assertEquals("token_create: EPERM", loader.run("bpf-token", "map").refused());
            gate.reload(policy(Mode.AUDIT, limits));
            assertEquals("", loader.run("bpf-token", "map").refused());
        } finally {
            gate.reload(policy(Mode.ENFORCE, ""));
        }
    }

    /** Nobody without privileges delegates to himself, and who has all gets no token. */
    @Test
    void token_delegatedByTheChildItself_orInTheInitialNamespace_isRefused() {
        Assumptions.assumeTrue(tokenUngated != null, "tokens take kernel 6.9");
        assertEquals("fsconfig: EPERM\nfsconfig: EPERM", loader.run("bpf-delegate").refused());
        assertEquals("token_create: EOPNOTSUPP", loader.run("bpf-token-here", PIN.getParent().toString()).refused());
    }

    /** What is not the gate's business: who gave the descriptor up, and who only asks. */
    @TestFactory
    Stream<DynamicTest> netlink_thatAttachesNothing_passes() {
        return Stream.of("link-up", "link-ask").map(name -> dynamicTest(name, () -> {
            Outcome outcome = loader.run("bpf-leak", stranger.file().toString(), name);
            gate.settle();
            assertEquals(0, outcome.exit(), outcome::toString);
            assertEquals(List.of(), gate.uses(outcome.pid()));
        }));
    }

    /** Under its own gate Garrison reloads, loads and attaches. */
    @Test
    void runtime_underItsOwnGate_goesOnLoading() throws IOException {
        gate.reload(policy(Mode.ENFORCE, ""));
        ProgramSource observer = new ProgramSource("observer.bpf.o", Guest.built("bpf/observer.bpf.o").toUri().toURL());
        try (Garrison another = Garrison.builder().plugin(new NeighbourPlugin("observer", List.of(observer))).start()) {
            var status = another.status().plugins().getFirst();
            assertEquals(PluginState.ACTIVE, status.state(), status::reason);
        }
        assertEquals(Outcome.EPERM, stranger.run("bpf-map-create").exit());
    }

    /** A stranger cannot have the runtime itself do it for him. */
    @Test
    void runtime_tracedByAStranger_isDenied() {
        long own = ProcessHandle.current().pid();
        Outcome outcome = stranger.run("trace-memory", String.valueOf(own));
        gate.settle();
        assertNotEquals(0, outcome.exit(), outcome::toString);
        assertEquals(own, only(gate.uses(outcome.pid())).other());
    }

    private void refusedFor(String reason, Outcome outcome) {
        gate.settle();
        assertEquals(Outcome.EPERM, outcome.exit(), outcome::toString);
        BpfUseEvent told = only(gate.uses(outcome.pid()));
        assertEquals(reason, told.reason(), told::toString);
    }

    private static <E> E only(List<E> events) {
        assertEquals(1, events.size(), () -> "told once: " + events);
        return events.getFirst();
    }
}
