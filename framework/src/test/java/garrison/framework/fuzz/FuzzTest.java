// SPDX-License-Identifier: Apache-2.0
package garrison.framework.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Damaged objects, types and rings by the thousand, each target in a JVM of its own: a crash, a hang or any error but the typed
 * one ends that JVM, and the input is kept in {@code target/fuzz}. The ordinary form takes the inputs that are kept in
 * {@code src/test/resources/fuzz} and 1,000 more; the long form ({@code -Dgarrison.long=true}) has Jazzer guide 20,000 by the
 * branches they reach. {@code -Dgarrison.fuzz.runs=N} asks for another number, {@code -Dgarrison.fuzz.seed=N} for others.
 */
class FuzzTest {
    private static final long SEED = Long.getLong("garrison.fuzz.seed", 1);

    @TempDir
    Path folder;

    /** Ends with status 0 within the time, or fails with what it printed. */
    private String run(String what, List<String> words, int minutes) throws IOException, InterruptedException {
        Path out = folder.resolve(what + ".out");
        Process process = new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(out.toFile()).start();
        boolean ended = process.waitFor(minutes, TimeUnit.MINUTES);
        if (!ended) {
            process.destroyForcibly().waitFor();
        }
        String text = Files.readString(out, java.nio.charset.StandardCharsets.ISO_8859_1);
        String tail = text.substring(Math.max(0, text.length() - 4000));
        assertTrue(ended, () -> what + " hangs; its input is " + last(what) + "\n" + tail);
        assertEquals(0, process.exitValue(), () -> what + " failed; its input is " + last(what) + "\n" + tail);
        return text;
    }

    private static Path last(String what) {
        return Path.of("target/fuzz").toAbsolutePath().resolve(what + ".last");
    }

    private static List<String> java(String... more) {
        List<String> words = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-Xmx512m", "-XX:+UseSerialGC", "-XX:ErrorFile=target/fuzz/hs_err.log",
                "-cp", System.getProperty("java.class.path")));
        words.addAll(List.of(more));
        return words;
    }

    @ParameterizedTest
    @EnumSource(FuzzTarget.class)
    void damagedInputs_areRefusedWithWords_orTaken(FuzzTarget target) throws Exception {
        long runs = Long.getLong("garrison.fuzz.runs", 1_000);
        Path last = last(target.name());
        Files.createDirectories(last.getParent());
        String out = run(target.name(), java(FuzzTarget.class.getName(), target.name(), Long.toString(SEED), Long.toString(runs),
                last.toString()), 10);
        Matcher told = Pattern.compile("refused (\\d+) of (\\d+)").matcher(out);
        assertTrue(told.find(), out);
        System.out.println("fuzzed " + target + ": " + told.group());
        assertTrue(Long.parseLong(told.group(1)) * 10 > runs, "the damage does not reach the reader: " + told.group());
    }

    @ParameterizedTest
    @EnumSource(FuzzTarget.class)
    void guidedByCoverage_damagedInputs_areRefusedWithWords_orTaken(FuzzTarget target) throws Exception {
        assumeTrue(Boolean.getBoolean("garrison.long"), "in the long form only (-Dgarrison.long=true)");
        long runs = Long.getLong("garrison.fuzz.runs", 20_000);
        String what = "guided-" + target.name();
        Files.createDirectories(last(what).getParent());
        List<String> words = java("-D" + FuzzTarget.TARGET + "=" + target.name(), "-D" + FuzzTarget.LAST + "=" + last(what),
                "com.code_intelligence.jazzer.Jazzer", "--target_class=" + FuzzTarget.class.getName(),
                "--instrumentation_includes=garrison.framework.**", "--custom_hook_includes=none.**",
                "--reproducer_path=" + folder, "-artifact_prefix=" + last(what) + ".", "-runs=" + runs, "-seed=" + SEED, "-timeout=30",
                "-rss_limit_mb=2048", "-max_len=16384", "-len_control=0", corpus(target).toString());
        String out = run(what, words, 60);
        Matcher told = Pattern.compile("#(\\d+)\\s+DONE\\s+cov: (\\d+)").matcher(out);
        assertTrue(told.find(), out);
        System.out.println("fuzzed " + target + ", guided: " + told.group());
        assertTrue(Long.parseLong(told.group(1)) >= runs, told.group());
    }

    /** What is kept; edits by chance; and one good object as it is. */
    private Path corpus(FuzzTarget target) throws IOException {
        Path corpus = Files.createDirectory(folder.resolve("corpus"));
        int kept = 0;
        for (byte[] input : target.seeds()) {
            Files.write(corpus.resolve("kept-" + kept++), input);
        }
        Random random = new Random(SEED);
        for (int i = 0; i < 60; i++) {
            byte[] input = new byte[1 + Damage.EDIT * (1 + i % 4)];
            random.nextBytes(input);
            input[0] = (byte) (i % 3);
            Files.write(corpus.resolve("edits-" + i), input);
        }
        byte[] object = FuzzTarget.file(new byte[] {0});
        byte[] whole = new byte[1 + object.length];
        whole[0] = 3;
        System.arraycopy(object, 0, whole, 1, object.length);
        Files.write(corpus.resolve("whole"), whole);
        return corpus;
    }
}
