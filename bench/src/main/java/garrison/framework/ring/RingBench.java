// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import com.sun.management.ThreadMXBean;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.OpenObject;
import garrison.framework.object.Owner;
import garrison.spi.RecordHandler;
import garrison.spi.RecordView;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * How fast a full ring is drained: by libbpf's own consumer in C, by Java through libbpf (an upcall a record), by Java on the
 * mapped ring. Each reads one field of each record; in the second form it looks at the record's type and length first, the
 * Java ones in the framework's own dispatch with a plugin's raw handler. A form has a JVM to itself, as a ring has one kind of
 * sink. Each block is a new ring that all drain in turn, the first one changing from block to block; ratios are of blocks, and
 * of those the median. Arguments: the object file, the C consumer's library, blocks, {@code plain} or {@code dispatched}.
 */
public final class RingBench {
    private static final int RING = 16 << 20;
    private static final int WARM_UP = 30;
    /** At the head of a consumer's turn, not counted. */
    private static final int SETTLE = 4;
    private static final int DRAINS = 11;
    private static final List<Records> RECORDS = List.of(new Records(64, 150_000, 0), new Records(256, 50_000, 1));

    /** What fills the ring: {@code struct bench_run}. */
    private record Records(int size, int count, int large) {
        byte[] context() {
            return ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putInt(count).putInt(large).array();
        }
    }

    /** One consumer's turn on a ring. */
    private interface Turn {
        void take(LoadedBpfObject object, Records records, int settle) throws Throwable;
    }

    private final Libbpf libbpf = Libbpf.open();
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Path object;
    private final CConsumer consumer;
    private final int blocks;
    private final boolean dispatched;
    private long sum;

    private RingBench(Path object, Path library, int blocks, boolean dispatched) {
        this.object = object;
        this.consumer = new CConsumer(library);
        this.blocks = blocks;
        this.dispatched = dispatched;
    }

    public static void main(String[] args) throws Throwable {
        if (args.length != 4) {
            throw new IllegalArgumentException("usage: RingBench OBJECT C-CONSUMER BLOCKS plain|dispatched");
        }
        new RingBench(Path.of(args[0]), Path.of(args[1]), Integer.parseInt(args[2]), args[3].equals("dispatched")).run();
    }

    private void run() throws Throwable {
        StringBuilder figures = new StringBuilder();
        String prefix = dispatched ? "ring.dispatched_" : "ring.";
        System.out.printf("%-8s %-24s %14s %14s %14s%n", "record", "consumer", "M events/s", "min..max", "bytes/event");
        double allocated = 0;
        for (Records records : RECORDS) {
            Series c = new Series("C, libbpf");
            Series poll = new Series("Java, libbpf");
            Series direct = new Series("Java, direct");
            List<Turn> turns = List.of((o, r, settle) -> inC(o, r, c, settle), (o, r, settle) -> inJava(o, r, false, poll, settle),
                    (o, r, settle) -> inJava(o, r, true, direct, settle));
            for (int block = 0; block < blocks; block++) {
                try (OpenObject open = open(); LoadedBpfObject loaded = open.load()) {
                    for (int turn = 0; turn < turns.size(); turn++) {
                        turns.get((block + turn) % turns.size()).take(loaded, records, block == 0 ? WARM_UP : SETTLE);
                    }
                }
            }
            List.of(c, poll, direct).forEach(series -> series.print(records.size));
            figure(figures, prefix + "direct_over_c_" + records.size, direct.over(c));
            figure(figures, prefix + "poll_over_c_" + records.size, poll.over(c));
            allocated = Math.max(allocated, direct.bytes());
        }
        figures.append(String.format(Locale.ROOT, "%salloc_bytes_per_event=%.4f%n", prefix, allocated));
        System.out.print(figures);
        if (sum == 0) {
            throw new IllegalStateException("nothing was read");
        }
    }

    private static void figure(StringBuilder figures, String name, double value) {
        figures.append(String.format(Locale.ROOT, "%s=%.2f%n", name, value));
    }

    private OpenObject open() throws Exception {
        byte[] elf = Files.readAllBytes(object);
        BpfSpec spec = BpfSpec.parse(object.getFileName().toString(), elf);
        OpenObject open = OpenObject.open(libbpf, spec, elf, new Owner("bench", System.getProperty("os.version")));
        open.maxEntries("garrison_events", RING);
        open.constant("garrison_xattr_no_decision", 0);
        return open;
    }

    private void inC(LoadedBpfObject loaded, Records records, Series series, int settle) throws Throwable {
        long[] nanos = new long[DRAINS];
        MemorySegment ring = consumer.open(loaded.mapFd("garrison_events"), dispatched);
        for (int i = -settle; i < DRAINS; i++) {
            loaded.run("fill", records.context());
            long took = consumer.drain(ring, records.count);
            if (i >= 0) {
                nanos[i] = took;
            }
        }
        consumer.close(ring);
        series.add(nanos, records.count, 0);
    }

    private void inJava(LoadedBpfObject loaded, Records records, boolean mapped, Series series, int settle) {
        int fd = loaded.mapFd("garrison_events");
        long[] nanos = new long[DRAINS];
        long allocated = 0;
        Dispatch dispatch = dispatch(loaded);
        StructField payload = new StructField("payload", 16, Long.BYTES, false, false);
        Ring.Sink sink = dispatched ? dispatch : record -> sum += record.get(payload);
        try (Ring ring = mapped ? new DirectRing("bench", fd, RING) : new LibbpfRing("bench", libbpf, fd)) {
            for (int i = -settle; i < DRAINS; i++) {
                loaded.run("fill", records.context());
                long before = threads.getCurrentThreadAllocatedBytes();
                long begin = System.nanoTime();
                int got = 0;
                for (int more; (more = ring.drain(sink)) > 0; got += more) {
                    // until the ring is empty
                }
                long took = System.nanoTime() - begin;
                long bytes = threads.getCurrentThreadAllocatedBytes() - before;
                if (got != records.count) {
                    throw new IllegalStateException(got + " of " + records.count + " records");
                }
                if (dispatch.unbound() + dispatch.failed() != 0) {
                    throw new IllegalStateException(dispatch.unbound() + " records unbound, " + dispatch.failed() + " failed");
                }
                if (i >= 0) {
                    nanos[i] = took;
                    allocated += bytes;
                }
            }
        }
        series.add(nanos, records.count, allocated);
    }

    /** What a plugin has: the type looked up, the length checked, a handler that may throw. */
    private Dispatch dispatch(LoadedBpfObject loaded) {
        Bindings bindings = new Bindings("bench_ring", loaded.btf());
        bindings.raw(1, "bench_small", fields -> handler(fields.apply("payload")));
        bindings.raw(2, "bench_large", fields -> handler(fields.apply("payload")));
        return new Dispatch("bench", bindings);
    }

    private RecordHandler handler(RecordView.Field payload) {
        StructField first = new StructField("payload", payload.offset(), 8, false, false);
        return record -> sum += record.get(first);
    }
}
