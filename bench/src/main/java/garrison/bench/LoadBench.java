// SPDX-License-Identifier: Apache-2.0
package garrison.bench;

import garrison.framework.Garrison;
import garrison.framework.Status.PluginStatus;
import garrison.spi.EventBindings;
import garrison.spi.LoadedObject;
import garrison.spi.ObjectSetup;
import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PluginState;
import garrison.spi.PolicyChange;
import garrison.spi.ProgramInfo;
import garrison.spi.ProgramSource;
import garrison.spi.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * From the word to all 20 programs of an object attached: by Garrison (a plugin is added; checks, ring and reader included)
 * and by libbpf in C, in turn in one guest. Stopping is not measured. Arguments: the object, the C program, rounds.
 *
 * <p>C is compiled, Java compiles itself while it runs, and an emulated guest has but one host CPU for both: the rounds before
 * {@link #SETTLING} are over are told by themselves.
 */
public final class LoadBench {
    private static final int SETTLING = 25;

    private LoadBench() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 3) {
            throw new IllegalArgumentException("usage: LoadBench OBJECT C-LOADER ROUNDS");
        }
        int rounds = SETTLING + Integer.parseInt(args[2]);
        double[] java = new double[rounds];
        double[] c = new double[rounds];
        long start = System.nanoTime();
        double cold;
        try (Garrison garrison = Garrison.builder().start()) {
            Twenty plugin = new Twenty(new ProgramSource("bench_load.bpf.o", Path.of(args[0]).toUri().toURL()));
            add(garrison, plugin);
            cold = (System.nanoTime() - start) / 1e6;
            System.out.printf(Locale.ROOT, "%-40s %10.1f ms%n", "Java, first of all, Garrison's start too", cold);
            garrison.remove(plugin);
            for (int i = 0; i < rounds; i++) {
                c[i] = inC(args[1], args[0]);
                long begin = System.nanoTime();
                add(garrison, plugin);
                java[i] = (System.nanoTime() - begin) / 1e6;
                garrison.remove(plugin);
                System.out.printf(Locale.ROOT, "round %d: C %.1f ms, Java %.1f ms%n", i + 1, c[i], java[i]);
            }
        }
        double[] ratios = new double[rounds];
        Arrays.setAll(ratios, i -> java[i] / c[i]);
        System.out.printf(Locale.ROOT, "load.java_first_ms=%.1f%nload.java_settling_over_c=%.2f%n", cold, median(ratios, 0, SETTLING));
        System.out.printf(Locale.ROOT, "load.java_ms=%.1f%nload.c_ms=%.1f%nload.java_over_c=%.2f%n",
                median(java, SETTLING, rounds), median(c, SETTLING, rounds), median(ratios, SETTLING, rounds));
    }

    private static void add(Garrison garrison, Plugin plugin) {
        garrison.add(plugin);
        PluginStatus status = garrison.status().plugins().getFirst();
        if (status.state() != PluginState.ACTIVE || status.attached().size() != 20) {
            throw new IllegalStateException(status.toString());
        }
    }

    private static double inC(String program, String object) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(program, object, "1").redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String line = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        if (process.waitFor() != 0) {
            throw new IOException(program + " ended with " + process.exitValue());
        }
        return Long.parseLong(line) / 1e6;
    }

    private static double median(double[] values, int from, int to) {
        double[] sorted = Arrays.copyOfRange(values, from, to);
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Attaches all it has. */
    private record Twenty(ProgramSource object) implements Plugin {
        @Override
        public String name() {
            return "bench-load";
        }

        @Override
        public List<ProgramSource> objects() {
            return List.of(object);
        }

        @Override
        public PluginSession open(PluginContext context) {
            return new Session();
        }
    }

    private static final class Session implements PluginSession {
        @Override
        public void configure(ObjectSetup setup) {
            // as it is
        }

        @Override
        public void bind(EventBindings events) {
            // it tells nothing
        }

        @Override
        public PolicyChange stage(Settings settings, LoadedObject loaded) {
            Set<String> programs = loaded.programs().stream().map(ProgramInfo::name).collect(Collectors.toSet());
            return new PolicyChange() {
                @Override
                public Set<String> programs() {
                    return programs;
                }

                @Override
                public void commit() {
                    // nothing to switch
                }

                @Override
                public void close() {
                    // nothing held
                }
            };
        }

        @Override
        public Map<String, String> status() {
            return Map.of();
        }

        @Override
        public void close() {
            // nothing held
        }
    }
}
