// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import garrison.framework.trust.FileDigest;
import garrison.framework.trust.Loader;
import garrison.framework.trust.SigningKey;
import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Outcome;
import garrison.spi.Mode;
import garrison.trustedbpf.BpfUseEvent;
import garrison.trustedbpf.LoaderTrustEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** An interpreter is trusted with a signed script, and with nothing else: here the attack program interprets, a line an attack. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScriptTest {
    private static final Path HELD = Path.of("/proc/sys/kernel/core_pattern");

    private final Loaders loaders = new Loaders();
    private final Path certificate = loaders.certificate(Keys.LOADERS, "loaders");
    private final Path interpreters = loaders.certificate(Keys.FOREIGN, "interpreters");
    private final AttackProgram interpreter = loaders.signed("interpreter", Keys.FOREIGN);
    private final Map<String, List<String>> bad = new LinkedHashMap<>();
    private final Map<String, Outcome> ungated = new LinkedHashMap<>();
    private Path good;
    private Path direct;
    private Gate gate;

    @BeforeAll
    void start() throws IOException {
        Assumptions.assumeFalse(Loaders.byList(), "before 6.8 a file cannot be hashed while it is opened: no script is taken there");
        Path unsigned = script("unsigned", false, "bpf-map-create");
        good = script("good", true, "bpf-map-create", "bpf-prog-load");
        direct = script("direct", true, "#!" + interpreter.file(), "bpf-map-create");
        Files.setPosixFilePermissions(direct, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path link = Files.createSymbolicLink(loaders.folder().resolve("link"), good);
        Path reading = script("reading", true, "open-read " + unsigned, "bpf-map-create");
        bad.put("script_unsigned: a script", List.of(unsigned.toString()));
        bad.put("script_unsigned: a file that a signed script reads", List.of(reading.toString()));
        bad.put("script_options: words", List.of("-e", "bpf-map-create"));
        bad.put("script_options: words after a signed script", List.of(good.toString(), "-e", "bpf-map-create"));
        bad.put("script_options: no absolute path", List.of("bpf-map-create"));
        bad.put("no_script: under another name than its own", List.of(link.toString()));
        Files.writeString(HELD, "bpf-map-create");
        bad.put("script_unsigned: text that the kernel holds for somebody", List.of(HELD.toString()));
        bad.forEach((name, words) -> ungated.put(name, interpreter.run(words)));
        gate = Gate.start(policy(""));
    }

    private Path script(String name, boolean signed, String... lines) throws IOException {
        Path file = Files.write(loaders.folder().resolve(name + ".script"), List.of(lines));
        if (signed) {
            FileDigest digest = Loaders.digest(file);
            loaders.attach(file, Keys.LOADERS.sign(digest.signedBytes()));
        }
        return file;
    }

    private String policy(String more) {
        return Gate.policy(Mode.ENFORCE, List.of(certificate), List.of(), loaders.list(), "interpreters = [ \"" + interpreters + "\" ]\n" + more);
    }

    @AfterAll
    void stop() {
        if (gate != null) {
            gate.close();
        }
        loaders.close();
    }

    @TestFactory
    Stream<DynamicTest> interpreter_withoutTheGate_runsAnything() {
        return ungated.entrySet().stream().map(e -> dynamicTest(e.getKey(), () -> assertEquals(0, e.getValue().exit(), e.getValue()::toString)));
    }

    @TestFactory
    Stream<DynamicTest> interpreter_withAnythingButASignedScript_isNotTrusted() {
        return bad.entrySet().stream().map(e -> dynamicTest(e.getKey(), () -> {
            String reason = e.getKey().split(":")[0];
            Outcome outcome = interpreter.run(e.getValue());
            gate.settle();
            assertEquals(Outcome.EPERM, outcome.exit(), outcome::toString);
            assertEquals(List.of(reason), gate.uses(outcome.pid()).stream().map(BpfUseEvent::reason).toList());
        }));
    }

    @Test
    void interpreter_withASignedScript_isTrusted() {
        Outcome outcome = interpreter.run(good.toString());
        gate.settle();
        assertEquals(0, outcome.exit(), outcome::toString);
        assertEquals(List.of(), gate.uses(outcome.pid()));
        LoaderTrustEvent last = gate.trust(outcome.pid()).getLast();
        assertEquals("open_file trusted", last.act() + " " + last.reason());
    }

    @Test
    void script_signedAndStartedByItsFirstLine_isTrusted() {
        Outcome outcome = new AttackProgram(direct).run();
        assertEquals(0, outcome.exit(), outcome::toString);
    }

    @Test
    void script_signedButOfALoaderThatIsNoInterpreter_isNotTrusted() {
        AttackProgram plain = loaders.signed("plain", Keys.LOADERS);
        gate.reload(policy(""));
        // As a loader of its own it may do as it likes, and is what its signer answers for.
        assertEquals(0, plain.run(good.toString()).exit());
    }

    /**
     * Debian's own, with its libraries and the dynamic linker: 200 MB to be sealed, which is minutes under emulation. The linker has to
     * be where the program says, so that a signed copy is mounted there.
     */
    @Test
    void bpftrace_ofDebian_runsASignedScript_andNothingElse() throws IOException {
        Assumptions.assumeTrue(Guest.isLong() && !Loaders.byList(), "sealing bpftrace takes minutes: ./lab test --long, from 6.8 on");
        Path folder = Files.createDirectory(loaders.folder().resolve("bpftrace"));
        Path linker = Path.of("/lib64/ld-linux-x86-64.so.2").toRealPath();
        List<Path> parts = new ArrayList<>(List.of(Path.of("/usr/bin/bpftrace"), linker));
        Command.run("ldd", "/usr/bin/bpftrace").success().lines().filter(line -> line.contains("=> /"))
                .map(line -> Path.of(line.replaceFirst(".*=> ", "").replaceFirst(" .*", ""))).forEach(parts::add);
        for (Path part : parts) {
            sealed(Files.copy(part, folder.resolve(part.getFileName())), Keys.FOREIGN);
        }
        Path signed = sealed(Files.writeString(folder.resolve("signed.bt"), "BEGIN { printf(\"traced\\n\"); exit(); }\n"), Keys.LOADERS);
        Path unsigned = Files.writeString(folder.resolve("unsigned.bt"), "BEGIN { printf(\"traced\\n\"); exit(); }\n");
        Path preloaded = Files.copy(Path.of("/lib/x86_64-linux-gnu/libm.so.6"), folder.resolve("unsigned.so"));
        Path bpftrace = folder.resolve("bpftrace");
        Command.run("mount", "--bind", folder.resolve(linker.getFileName()).toString(), linker.toString()).success();
        try {
            assertTraced(true, trace(bpftrace, Map.of(), signed.toString()));
            assertTraced(false, trace(bpftrace, Map.of(), unsigned.toString()));
            assertTraced(false, trace(bpftrace, Map.of(), "-e", "BEGIN { printf(\"traced\\n\"); exit(); }"));
            assertTraced(false, trace(bpftrace, Map.of("LD_PRELOAD", preloaded.toString()), signed.toString()));
            gate.reload(Gate.policy(Mode.AUDIT, List.of(certificate), List.of(), loaders.list(), ""));
            assertTraced(true, trace(bpftrace, Map.of(), unsigned.toString()));
        } finally {
            gate.reload(policy(""));
            Command.run("umount", "-l", linker.toString()).success();
        }
    }

    /** What the kernel has measured needs no second hashing. */
    private static Path sealed(Path file, SigningKey key) {
        Loader loader = new Loader(file);
        loader.seal();
        loader.attach(key.sign(loader.sealed().orElseThrow().signedBytes()));
        return file;
    }

    private static Command trace(Path bpftrace, Map<String, String> environment, String... words) {
        Map<String, String> all = new LinkedHashMap<>(environment);
        all.put("LC_ALL", "C");
        all.put("LD_LIBRARY_PATH", bpftrace.getParent().toString());
        return Command.run(all, Stream.concat(Stream.of(bpftrace.toString()), Stream.of(words)).toList());
    }

    private void assertTraced(boolean traced, Command command) {
        gate.settle();
        assertEquals(traced, command.out().contains("traced"), () -> command + "\n" + gate.told());
    }
}
