// SPDX-License-Identifier: Apache-2.0
package garrison.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.trust.FileDigest;
import garrison.framework.trust.Loader;
import garrison.framework.trust.SigningKey;
import garrison.spi.PluginState;
import garrison.trustedbpf.TrustedBpf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What trusted-bpf costs: a fork, the start of a program that is unsigned, and of one that is signed, and a bpf(2) that is allowed or refused,
 * each beside the same without the plugin. {@code TrustBench TRUST_COST FOLDER ROUNDS}: the C program that measures, and a folder
 * on a file system with fs-verity. Figures are the least of the rounds, in nanoseconds: the clock counts
 * instructions, and whatever else the machine does adds to them.
 */
public final class TrustBench {
    private static final String EXECS = "300";
    private static final String FORKS = "1000";
    private static final String CALLS = "20000";

    private static final Duration SETTLE = Duration.ofSeconds(15);

    private final Path stranger;
    private final Path loader;
    private final int rounds;
    private final Map<String, Long> figures = new LinkedHashMap<>();

    private TrustBench(Path stranger, Path loader, int rounds) {
        this.stranger = stranger;
        this.loader = loader;
        this.rounds = rounds;
    }

    /** Prints a table, and {@code name=value} lines last. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[1]);
        Path stranger = Files.copy(Path.of(arguments[0]), folder.resolve("stranger"));
        Path file = Files.copy(stranger, folder.resolve("loader"));
        SigningKey key = SigningKey.create("bench", Duration.ofDays(1));
        key.write(folder.resolve("bench.key"), folder.resolve("bench.pem"));
        Loader loader = new Loader(file);
        loader.attach(key.sign(loader.digest(FileDigest.Kind.VERITY).signedBytes()));
        loader.seal();
        TrustBench bench = new TrustBench(stranger, file, Integer.parseInt(arguments[2]));
        bench.measure("without");
        Config policy = ConfigFactory.parseString("garrison.plugins.trusted-bpf { mode = ENFORCE, certificates = \""
                + folder.resolve("bench.pem") + "\" }");
        try (Garrison garrison = Garrison.builder().config(policy).plugin(new TrustedBpf()).start()) {
            var status = garrison.status().plugins().getFirst();
            if (status.state() != PluginState.ACTIVE) {
                throw new IllegalStateException("trusted-bpf is " + status.state() + ": " + status.reason());
            }
            bench.measure("with");
        }
        bench.print();
    }

    private void measure(String when) throws IOException {
        settle();
        least(when + "_fork_ns", stranger, "fork", FORKS);
        least(when + "_exec_unsigned_ns", stranger, "exec", EXECS, stranger.toString());
        least(when + "_exec_signed_ns", stranger, "exec", EXECS, loader.toString());
        least(when + "_bpf_trusted_ns", loader, "bpf", CALLS);
        least(when + "_bpf_stranger_ns", stranger, "bpf", CALLS);
    }

    /** There is one CPU, and what this process still has to do after its start, or Garrison's, is not what is measured. */
    private static void settle() {
        System.gc();
        try {
            Thread.sleep(SETTLE);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void least(String name, Path program, String... words) throws IOException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < rounds; i++) {
            least = Math.min(least, run(program, words));
        }
        figures.put(name, least);
    }

    private static long run(Path program, String... words) throws IOException {
        String[] command = new String[words.length + 1];
        command[0] = program.toString();
        System.arraycopy(words, 0, command, 1, words.length);
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        return Long.parseLong(process.inputReader().readAllAsString().strip());
    }

    private void print() {
        System.out.printf("%-20s %12s %12s %12s%n", "", "without/ns", "with/ns", "more/ns");
        for (String what : new String[] {"fork", "exec_unsigned", "exec_signed", "bpf_trusted", "bpf_stranger"}) {
            long without = figures.get("without_" + what + "_ns");
            long with = figures.get("with_" + what + "_ns");
            System.out.printf("%-20s %12d %12d %12d%n", what, without, with, with - without);
        }
        figures.forEach((name, value) -> System.out.println("trust." + name + "=" + value));
        System.out.printf(Locale.ROOT, "trust.fork_pct=%.2f%n", percent("fork"));
        System.out.printf(Locale.ROOT, "trust.exec_untrusted_pct=%.2f%n", percent("exec_unsigned"));
        System.out.printf(Locale.ROOT, "trust.exec_trusted_us=%.1f%n",
                (figures.get("with_exec_signed_ns") - figures.get("without_exec_signed_ns")) / 1000.0);
    }

    /** How much more it takes with the plugin. */
    private double percent(String what) {
        long without = figures.get("without_" + what + "_ns");
        return 100.0 * (figures.get("with_" + what + "_ns") - without) / without;
    }
}
