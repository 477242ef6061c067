// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import garrison.itests.Command;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Filesystem;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Thousands of calls on files that no rule covers, drawn from one seed, come to the same with file-guard as without, call by call:
 * as root, as a user, and before AppArmor, on file systems where other files are protected. See {@code itests/attacks/calls.c}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DifferentialTest {
    private static final String SEED = "20261123";
    private static final String FOLDERS = Guest.isLong() ? "200" : "20";
    private static final String CALLS = "250";
    private static final String USER = "4711";
    private static final String PROFILE = """
            profile garrison-calls {
              capability,
              / r,
              /** mrwlk,
              deny /**/denied wl,
              deny /**/d2/** w,
              deny /**/d1/a mr,
            }
            """;

    /** Who makes the calls. */
    private enum Caller {
        ROOT(false),
        ORDINARY(false, "--uid", USER),
        ROOT_UNDER_APPARMOR(true),
        ORDINARY_UNDER_APPARMOR(true, "--uid", USER);

        private final boolean confined;
        private final List<String> as;

        Caller(boolean confined, String... as) {
            this.confined = confined;
            this.as = List.of(as);
        }
    }

    private record Run(Filesystem.Kind kind, Caller caller) {}

    private final Path scratch = Guest.scratch("differential");
    private final Map<Filesystem.Kind, Filesystem> mounted = new EnumMap<>(Filesystem.Kind.class);
    private final Map<Run, List<String>> without = new LinkedHashMap<>();
    private EmbeddedGuard guard;

    @BeforeAll
    void callWithoutFileGuard() throws IOException {
        Path profile = Files.writeString(scratch.resolve("profile"), PROFILE);
        Command.run("apparmor_parser", "--replace", "--skip-cache", profile.toString()).success();
        for (Filesystem.Kind kind : List.of(Filesystem.Kind.TMPFS, Filesystem.Kind.EXT4, Filesystem.Kind.OVERLAY)) {
            mounted.put(kind, Filesystem.mount(kind, scratch.resolve(kind.toString())));
            Files.createDirectory(folder(kind).resolve("guarded"));
            for (Caller caller : Caller.values()) {
                without.put(new Run(kind, caller), call(new Run(kind, caller)));
            }
        }
        guard = EmbeddedGuard.start();
    }

    @AfterAll
    void stop() {
        if (guard != null) {
            guard.close();
        }
        mounted.values().forEach(Filesystem::close);
        Command.run("apparmor_parser", "--remove", scratch.resolve("profile").toString());
    }

    private Path folder(Filesystem.Kind kind) {
        return mounted.get(kind).folder();
    }

    /** A line for each call, in folders that are made anew at the same place. */
    private List<String> call(Run run) throws IOException {
        String free = folder(run.kind).resolve("free").toString();
        Command.run(Guest.attacks().file().toString(), "calls-scenes", FOLDERS, USER, free).success();
        List<String> words = new ArrayList<>();
        if (run.caller.confined) {
            // By the very thread that executes the program next.
            words.addAll(List.of("sh", "-c", "echo 'exec garrison-calls' >/proc/self/attr/apparmor/exec && exec \"$@\"", "sh"));
        }
        words.add(Guest.attacks().file().toString());
        words.addAll(run.caller.as);
        words.addAll(List.of("calls", SEED, FOLDERS, CALLS, free));
        String lines = Command.run(Map.of(), words).success();
        Command.run("rm", "-r", free).success();
        return lines.lines().toList();
    }

    @TestFactory
    Stream<DynamicTest> calls_onUnprotectedFiles_comeToTheSameWithAndWithout() {
        return without.keySet().stream().map(run -> dynamicTest(run.toString(), () -> {
            for (boolean oldDescriptors : new boolean[] {false, true}) {
                guard.reload(new Policy(Mode.ENFORCE).settings("old-descriptors = " + oldDescriptors).rule("guarded", Attack.Rule.TREE,
                        List.of(folder(run.kind).resolve("guarded")), EmbeddedGuard.EVERYTHING, ""));
                List<String> with = call(run);
                guard.settle();
                assertEquals("", differences(without.get(run), with), "with old-descriptors = " + oldDescriptors);
                assertEquals(List.of(), guard.all().stream().filter(report -> report.rule().equals("guarded")).toList());
            }
        }));
    }

    /** The first few lines that are others. */
    private static String differences(List<String> without, List<String> with) {
        StringBuilder found = new StringBuilder(without.size() == with.size() ? "" : without.size() + " and " + with.size() + " lines\n");
        for (int i = 0, told = 0; i < Math.min(without.size(), with.size()) && told < 5; i++) {
            if (!without.get(i).equals(with.get(i))) {
                found.append(without.get(i)).append(" | ").append(with.get(i)).append('\n');
                told++;
            }
        }
        return found.toString();
    }

    /** Else the comparison would say little: many calls go through, many fail, for many reasons, and AppArmor refuses some by itself. */
    @TestFactory
    Stream<DynamicTest> calls_withoutFileGuard_comeToManyThings() {
        return without.entrySet().stream().map(one -> dynamicTest(one.getKey().toString(), () -> {
            List<String> results = one.getValue().stream().map(DifferentialTest::result).toList();
            assertEquals(Integer.parseInt(FOLDERS) * Integer.parseInt(CALLS), results.size());
            assertTrue(results.stream().filter(result -> result.endsWith("=")).count() > results.size() / 5, "go through");
            assertTrue(results.stream().filter(result -> !result.endsWith("=")).count() > results.size() / 5, "fail");
            assertTrue(results.stream().distinct().count() > 120, () -> "what they come to: "
                    + results.stream().distinct().sorted().collect(Collectors.joining(", ")));
            Run run = one.getKey();
            if (run.caller.confined) {
                List<String> unconfined = without.get(new Run(run.kind, run.caller == Caller.ROOT_UNDER_APPARMOR ? Caller.ROOT : Caller.ORDINARY));
                assertTrue(one.getValue().stream().filter(line -> line.endsWith(" EACCES")).count()
                        > unconfined.stream().filter(line -> line.endsWith(" EACCES")).count(), "refused by the profile");
            }
        }));
    }

    /** The call, and its error, or that it went through. */
    private static String result(String line) {
        String[] words = line.split(" ");
        return words[1] + " " + words[2];
    }
}
