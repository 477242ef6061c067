// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.cfimonitor.CfiMonitor;
import garrison.fileguard.FileGuard;
import garrison.framework.Garrison;
import garrison.framework.Status.PluginStatus;
import garrison.framework.kernel.KernelKeyrings;
import garrison.framework.kernel.RunningKernel;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.light.LightSkeleton;
import garrison.framework.light.SignedSkeleton;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.OpenObject;
import garrison.framework.object.Owner;
import garrison.framework.trust.SignedObject;
import garrison.framework.trust.SigningKey;
import garrison.itests.Command;
import garrison.itests.Descriptors;
import garrison.itests.Guest;
import garrison.spi.Answer;
import garrison.spi.KernelException;
import garrison.spi.Keyrings;
import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PluginState;
import garrison.spi.ProgramInfo;
import garrison.spi.ProgramSource;
import garrison.syscalltable.SyscallTable;
import garrison.trustedbpf.TrustedBpf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** The kernel itself checks who signed an object, and comes to the same programs as libbpf does. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LightSkeletonTest {
    /** Each with programs that every kernel from 6.18 on takes. */
    private static final List<String> OBJECTS = List.of("file_guard", "cfi_monitor", "syscall_table", "trusted_bpf", "truth", "pins", "core",
            "test_object", "test_gap", "test_ring");
    private static final Libbpf LIBBPF = Libbpf.open();
    private static final Owner OWNER = new Owner("light", System.getProperty("os.version"));
    /** struct bpf_prog_info: type, id, tag, lengths and addresses of what it became. */
    private static final int INFO_SIZE = 64;
    private static final int LD_IMM64 = 0x18;

    private SigningKey key;
    private SigningKey other;
    private Keyrings.Keyring keyring;
    private RunningKernel kernel;
    private Path certificate;

    @BeforeAll
    void start() throws IOException {
        Assumptions.assumeTrue(Guest.kernel().compareTo(RunningKernel.SIGNATURES_SINCE) >= 0,
                "the kernel checks programs' signatures from 6.18 on");
        key = SigningKey.create("light", Duration.ofDays(1));
        other = SigningKey.create("other", Duration.ofDays(1));
        keyring = new KernelKeyrings(OWNER).create(List.of(key.certificate().certificate()));
        kernel = new RunningKernel(LIBBPF);
        assertEquals(new Answer.Yes(), kernel.programSignatures());
        Path folder = Guest.scratch("light-key");
        certificate = folder.resolve("light.pem");
        key.write(folder.resolve("light.key"), certificate);
    }

    @AfterAll
    void stop() {
        if (keyring != null) {
            keyring.close();
        }
    }

    private static LightSkeleton skeleton(String object) {
        return LightSkeleton.of(Objects.spec(object), Objects.read(object));
    }

    private LoadedBpfObject load(String object, SignedSkeleton signed) {
        BpfSpec spec = Objects.spec(object);
        try (OpenObject open = OpenObject.open(LIBBPF, spec, Objects.read(object), OWNER)) {
            kernel.setConstants(spec, open);
            if (signed != null) {
                open.signed(signed);
            }
            return open.load();
        }
    }

    private SignedSkeleton signed(String object, SigningKey by) {
        LightSkeleton skeleton = skeleton(object);
        return new SignedSkeleton(skeleton, by.sign(skeleton.code()), keyring.serial());
    }

    @TestFactory
    Stream<DynamicTest> object_loadedByTheKernel_isWhatLibbpfMakesOfIt() {
        return OBJECTS.stream().map(object -> dynamicTest(object, () -> {
            try (LoadedBpfObject expected = load(object, null); LoadedBpfObject actual = load(object, signed(object, key))) {
                assertEquals(names(expected), names(actual));
                for (ProgramInfo program : expected.programs()) {
                    assertSame(instructions(expected.programFd(program.name())), instructions(actual.programFd(program.name())),
                            program.name());
                }
            }
        }));
    }

    private static void assertSame(List<String> expected, List<String> actual, String program) {
        for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) {
            assertEquals(expected.get(i), actual.get(i), program + ", instruction " + i + " of " + expected.size() + " and " + actual.size());
        }
        assertEquals(expected.size(), actual.size(), program);
    }

    private static Set<String> names(LoadedBpfObject object) {
        return object.programs().stream().map(ProgramInfo::name).collect(Collectors.toSet());
    }

    /** As verified, addresses and the numbers of maps left out. */
    private static List<String> instructions(int fd) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment info = scratch.allocate(INFO_SIZE, 8);
            assertTrue(LIBBPF.infoByFd(fd, info) >= 0);
            int length = info.get(JAVA_INT, 20);
            MemorySegment code = scratch.allocate(length, 8);
            info.fill((byte) 0);
            info.set(JAVA_INT, 20, length);
            info.set(JAVA_LONG, 32, code.address());
            assertTrue(LIBBPF.infoByFd(fd, info) >= 0);
            List<String> all = new ArrayList<>();
            for (int at = 0; at < length; at += 8) {
                byte[] one = code.asSlice(at, 8).toArray(JAVA_BYTE);
                // A map, or the address of a function.
                if (one[0] == LD_IMM64 && ((one[1] & 0xf0) != 0 || code.get(JAVA_INT, at + 12) < 0)) {
                    all.add("load " + (one[1] & 0xf));
                    at += 8;
                } else {
                    all.add(HexFormat.of().formatHex(one));
                }
            }
            assertFalse(all.isEmpty());
            return all;
        }
    }

    /** Where an object lies with what {@code garrison sign} puts beside it. */
    private Plugin signed(Plugin plugin, SigningKey by) {
        Path folder = Guest.scratch("signed-" + plugin.name());
        List<ProgramSource> objects = plugin.objects().stream().map(source -> sign(source, folder, by)).toList();
        return new Plugin() {
            @Override
            public String name() {
                return plugin.name();
            }

            @Override
            public List<ProgramSource> objects() {
                return objects;
            }

            @Override
            public PluginSession open(PluginContext context) {
                return plugin.open(context);
            }
        };
    }

    private ProgramSource sign(ProgramSource source, Path folder, SigningKey by) {
        try {
            byte[] object = source.read();
            Path file = Files.write(folder.resolve(source.name()), object);
            Files.write(folder.resolve(source.name() + SignedObject.SUFFIX), key.sign(object));
            byte[] code = LightSkeleton.of(BpfSpec.parse(source.name(), object), object).code();
            Files.write(folder.resolve(source.name() + SignedObject.SKELETON_SUFFIX), by.sign(code));
            return new ProgramSource(source.name(), file.toUri().toURL());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Config trusting(String more) {
        return ConfigFactory.parseString("garrison { trust { anchors = [ \"" + certificate + "\" ], kernel-check = required }\n" + more + " }");
    }

    private static PluginStatus only(Garrison garrison) {
        return garrison.status().plugins().getFirst();
    }

    /** With all kinds of places that there are: what is attached, and as what, is the same. */
    @TestFactory
    Stream<DynamicTest> plugin_checkedByTheKernel_attachesAllThatItDoesElse() {
        String loaders = "plugins.trusted-bpf.certificates = \"" + certificate + "\"";
        return Stream.of(new FileGuard(), new CfiMonitor(), new SyscallTable(), new TrustedBpf()).map(plugin -> dynamicTest(plugin.name(), () -> {
            List<String> expected;
            try (Garrison garrison = Garrison.builder().config(ConfigFactory.parseString("garrison { " + loaders + " }")).plugin(plugin).start()) {
                assertEquals(PluginState.ACTIVE, only(garrison).state(), () -> only(garrison).reason());
                expected = places(garrison);
                assertEquals("", only(garrison).checkedBy());
            }
            try (Garrison garrison = Garrison.builder().config(trusting(loaders)).plugin(signed(plugin, key)).start()) {
                assertEquals(PluginState.ACTIVE, only(garrison).state(), () -> only(garrison).reason());
                assertEquals(expected, places(garrison));
                assertEquals("checked by Garrison and by the kernel", only(garrison).checkedBy());
            }
        }));
    }

    private static List<String> places(Garrison garrison) {
        return only(garrison).attached().stream().map(a -> a.program() + " " + a.kind() + " " + a.hook() + " " + a.strategy()).sorted().toList();
    }

    /** It decides as ever, and a policy is exchanged as ever. */
    @Test
    void fileGuard_checkedByTheKernel_refuses() throws IOException {
        Path file = Files.writeString(Guest.scratch("light").resolve("secret"), "secret");
        String rule = "plugins.file-guard.rules = [ { name = secret, path = \"" + file + "\", operations = [ read ], effect = deny } ]";
        assertEquals(0, Command.run("cat", file.toString()).exit());
        try (Garrison garrison = Garrison.builder().config(trusting("mode = ENFORCE, " + rule)).plugin(signed(new FileGuard(), key)).start()) {
            assertEquals(PluginState.ACTIVE, only(garrison).state(), () -> only(garrison).reason());
            assertEquals(1, Command.run("cat", file.toString()).exit());
            garrison.reload(trusting("mode = ENFORCE, plugins.file-guard.rules = []"));
            assertEquals(0, Command.run("cat", file.toString()).exit());
        }
    }

    @Test
    void skeleton_missingOrOfAnother_failsThePlugin_whereTheKernelIsToCheck() {
        try (Garrison garrison = Garrison.builder().config(trusting("")).plugin(signed(new FileGuard(), other)).start()) {
            assertFailed(garrison, "file_guard.bpf.o as a light skeleton is not trusted: it was signed with the key");
        }
        Plugin unsigned = signed(new FileGuard(), key);
        unsigned.objects().forEach(object -> remove(object.url() + SignedObject.SKELETON_SUFFIX));
        try (Garrison garrison = Garrison.builder().config(trusting("")).plugin(unsigned).start()) {
            assertFailed(garrison, "no file_guard.bpf.o.lskel.p7s beside it; sign it with garrison sign");
        }
        try (Garrison garrison = Garrison.builder().config(ConfigFactory.parseString("garrison.trust.anchors = [ \"" + certificate + "\" ]"))
                .plugin(unsigned).start()) {
            assertEquals("checked by Garrison, not by the kernel: no file_guard.bpf.o.lskel.p7s beside it; sign it with garrison sign",
                    only(garrison).checkedBy());
        }
    }

    private static void remove(String url) {
        try {
            Files.delete(Path.of(URI.create(url)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertFailed(Garrison garrison, String reason) {
        assertEquals(PluginState.FAILED, only(garrison).state());
        assertTrue(only(garrison).reason().contains(reason), only(garrison).reason());
    }

    @Test
    void loadedAndClosed_orRefused_leavesNoDescriptor() {
        load("test_gap", signed("test_gap", key)).close();
        Descriptors before = Descriptors.now();
        load("test_gap", signed("test_gap", key)).close();
        assertThrows(KernelException.class, () -> load("test_gap", signed("test_gap", other)));
        assertThrows(KernelException.class, () -> load("test_gap", altered("test_gap")));
        before.awaitNoneMore();
    }

    @Test
    void signature_ofAnother_isRefusedByTheKernel() {
        KernelException refused = assertThrows(KernelException.class, () -> load("test_gap", signed("test_gap", other)));
        assertTrue(refused.getMessage().contains("plugin light: test_gap.bpf.o cannot be loaded on kernel"), refused.getMessage());
        assertTrue(refused.getMessage().contains("checked by the kernel, its loader program was refused"), refused.getMessage());
    }

    /** Other data than those whose digest was signed, as if by an altered Garrison. */
    private SignedSkeleton altered(String object) {
        LightSkeleton skeleton = skeleton(object);
        byte[] data = skeleton.data().clone();
        data[data.length / 2] ^= 1;
        return new SignedSkeleton(new LightSkeleton(skeleton.code(), data, skeleton.programs(), skeleton.maps()), key.sign(skeleton.code()),
                keyring.serial());
    }

    @Test
    void data_thatWereNotSigned_areRefusedByTheSignedProgram() {
        KernelException refused = assertThrows(KernelException.class, () -> load("test_gap", altered("test_gap")));
        assertTrue(refused.getMessage().contains("not those that were signed"), refused.getMessage());
    }
}
