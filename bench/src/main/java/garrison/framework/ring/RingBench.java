// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import com.sun.management.ThreadMXBean;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.OpenObject;
import garrison.framework.object.Owner;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * How fast a full ring is drained: by libbpf's own consumer in C, by Java through libbpf (an upcall a record), by Java on the
 * mapped ring. One object, the same records, one run; each round the three in turn, so that a machine that changes its
 * speed changes it for all. Arguments: the object file, the C consumer, rounds.
 */
public final class RingBench {
    private static final int RING = 16 << 20;
    private static final int[][] SIZES = {{64, 150_000, 0}, {256, 50_000, 1}};
    private static final int WARM_UP = 40;

    private final Libbpf libbpf = Libbpf.open();
    private final Path object;
    private final Path peer;
    private final int rounds;
    private long sum;

    private RingBench(Path object, Path peer, int rounds) {
        this.object = object;
        this.peer = peer;
        this.rounds = rounds;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 3) {
            throw new IllegalArgumentException("usage: RingBench OBJECT C-CONSUMER ROUNDS");
        }
        new RingBench(Path.of(args[0]), Path.of(args[1]), Integer.parseInt(args[2])).run();
    }

    private void run() throws IOException, InterruptedException {
        System.out.printf("%-8s %-22s %14s %14s %14s%n", "record", "consumer", "M events/s", "min..max", "bytes/event");
        StringBuilder figures = new StringBuilder();
        double allocated = 0;
        for (int[] size : SIZES) {
            Series c = new Series();
            Series poll = new Series();
            Series direct = new Series();
            for (int block = 0; block < rounds; block++) {
                c.add(inC(size), size[1]);
                inJava(size, false, poll);
                inJava(size, true, direct);
            }
            c.print(size[0], "C, libbpf");
            poll.print(size[0], "Java, libbpf");
            direct.print(size[0], "Java, direct");
            figures.append(String.format(Locale.ROOT, "ring.direct_over_c_%d=%.2f%n", size[0], direct.median() / c.median()));
            if (size[0] == 64) {
                figures.append(String.format(Locale.ROOT, "ring.poll_over_c_64=%.2f%n", poll.median() / c.median()));
            }
            allocated = Math.max(allocated, direct.bytes);
        }
        figures.append(String.format(Locale.ROOT, "ring.alloc_bytes_per_event=%.4f%n", allocated));
        System.out.print(figures);
    }

    /** Nanoseconds of the median of the peer's rounds; its first ones are its warm-up. */
    private long inC(int[] size) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(peer.toString(), object.toString(), String.valueOf(size[1]),
                String.valueOf(size[2]), "15").redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
            long[] nanos = out.lines().mapToLong(Long::parseLong).skip(5).sorted().toArray();
            if (process.waitFor() != 0 || nanos.length == 0) {
                throw new IOException(peer + " failed with " + process.exitValue());
            }
            return nanos[nanos.length / 2];
        }
    }

    private void inJava(int[] size, boolean mapped, Series series) throws IOException {
        byte[] elf = Files.readAllBytes(object);
        BpfSpec spec = BpfSpec.parse(object.getFileName().toString(), elf);
        byte[] context = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putInt(size[1]).putInt(size[2]).array();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (OpenObject open = OpenObject.open(libbpf, spec, elf, new Owner("bench", System.getProperty("os.version")))) {
            open.maxEntries("garrison_events", RING);
            open.constant("garrison_xattr_no_decision", 0);
            try (LoadedBpfObject loaded = open.load()) {
                int fd = loaded.mapFd("garrison_events");
                StructField payload = new StructField("payload", 16, 8, false, false);
                Ring.Sink sink = record -> sum += record.get(payload);
                long[] nanos = new long[10];
                try (Ring ring = mapped ? new DirectRing("bench", fd, RING) : new LibbpfRing("bench", libbpf, fd)) {
                    for (int i = -WARM_UP; i < nanos.length; i++) {
                        loaded.runSyscallProgram("fill", context);
                        long before = threads.getCurrentThreadAllocatedBytes();
                        long begin = System.nanoTime();
                        int got = 0;
                        for (int more; (more = ring.drain(sink)) > 0; got += more) {
                            // until the ring is empty
                        }
                        long took = System.nanoTime() - begin;
                        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
                        if (got != size[1]) {
                            throw new IllegalStateException(got + " of " + size[1] + " records");
                        }
                        if (i >= 0) {
                            nanos[i] = took;
                            series.bytes = Math.max(series.bytes, bytes / (double) got);
                        }
                    }
                }
                Arrays.sort(nanos);
                series.add(nanos[nanos.length / 2], size[1]);
            }
        }
    }

    /** One consumer's speeds, a round each. */
    private static final class Series {
        private double[] speeds = {};
        private double bytes = Double.NaN;

        Series() {
            bytes = 0;
        }

        void add(long nanos, int events) {
            speeds = Arrays.copyOf(speeds, speeds.length + 1);
            speeds[speeds.length - 1] = events * 1e3 / nanos;
            Arrays.sort(speeds);
        }

        double median() {
            return speeds[speeds.length / 2];
        }

        void print(int size, String name) {
            System.out.printf(Locale.ROOT, "%-8s %-22s %14.1f %14s %14s%n", size + " B", name, median(),
                    String.format(Locale.ROOT, "%.0f..%.0f", speeds[0], speeds[speeds.length - 1]),
                    name.startsWith("C") ? "-" : String.format(Locale.ROOT, "%.4f", bytes));
        }
    }
}
