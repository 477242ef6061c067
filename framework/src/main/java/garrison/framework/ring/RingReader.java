// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.framework.Status.EventCounts;
import garrison.framework.config.GarrisonSettings.ReaderKind;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.object.LoadedBpfObject;
import garrison.spi.BpfMap;
import garrison.spi.Event;
import garrison.spi.KernelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads one plugin's ring on a thread of its own, from {@link #start} until {@link #close}, which drains it first. */
public final class RingReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RingReader.class);
    private static final String RING = "garrison_events";
    private static final String COUNTERS = "garrison_counters";
    private static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** A program that was cut off from its hook may still be inside it: this long its records are waited for. */
    private static final long LAST_RECORDS_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** An inherited ring does not wake its reader. It is there for moments only. */
    private static final int INHERITED_MILLIS = 5;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final String plugin;
    private final Ring ring;
    private final Dispatch dispatch;
    private final KernelCounters counters;
    private final Losses dropped;
    private final Losses sampledOut;
    private final Consumer<Event> events;
    private final Consumer<Throwable> broken;
    private final Thread thread;
    /** Of programs that an earlier process left; only the reader takes from it. */
    private final List<InheritedRing> inherited;
    private final AtomicInteger releases = new AtomicInteger();
    private volatile boolean stopping;
    private volatile boolean abandoned;
    private volatile long received;
    private volatile long sent;
    /** When the batch at hand was begun, by System.nanoTime(); 0 between batches. */
    private volatile long batchBegan;

    private RingReader(String plugin, Ring ring, List<InheritedRing> inherited, Bindings bindings, LoadedBpfObject object,
            Consumer<Event> events, Consumer<Throwable> broken) {
        this.plugin = plugin;
        this.inherited = new ArrayList<>(inherited);
        this.ring = ring;
        this.dispatch = new Dispatch(plugin, bindings);
        this.counters = new KernelCounters(object.map(COUNTERS), object.btf());
        this.dropped = new Losses(plugin, "ring");
        this.sampledOut = new Losses(plugin, "sampled");
        this.events = events;
        this.broken = broken;
        this.thread = Thread.ofPlatform().daemon().inheritInheritableThreadLocals(false).name("garrison-ring-" + plugin).unstarted(this::run);
    }

    /**
     * Maps a plugin's ring and begins to read.
     *
     * @param object must stay open until this is closed
     * @param bindings complete
     * @param inherited rings of an earlier process, read beside its own; the reader's from here on
     * @param pinned whether the ring may outlive this process
     * @param events hears of losses, on the reader's thread
     * @param broken is called on the reader's thread when the ring cannot be read any further
     * @throws KernelException if the ring can be read in neither form
     */
    public static RingReader start(String plugin, LoadedBpfObject object, Bindings bindings, List<InheritedRing> inherited,
            boolean pinned, ReaderKind kind, Libbpf libbpf, Consumer<Event> events, Consumer<Throwable> broken) {
        Ring ring;
        try {
            ring = open(plugin, object, pinned, kind, libbpf);
        } catch (RuntimeException | Error e) {
            inherited.forEach(InheritedRing::close);
            throw e;
        }
        try {
            RingReader reader = new RingReader(plugin, ring, inherited, bindings, object, events, broken);
            reader.thread.start();
            return reader;
        } catch (RuntimeException | Error e) {
            ring.close();
            inherited.forEach(InheritedRing::close);
            throw e;
        }
    }

    private static Ring open(String plugin, LoadedBpfObject object, boolean pinned, ReaderKind kind,
            Libbpf libbpf) {
        BpfMap map = object.map(RING);
        int fd = object.mapFd(RING);
        if (kind == ReaderKind.DIRECT) {
            try {
                return new DirectRing(plugin, fd, map.maxEntries(), pinned);
            } catch (KernelException e) {
                LOG.warn("{}; libbpf reads it instead", e.getMessage());
            }
        }
        return new LibbpfRing(plugin, libbpf, fd);
    }

    /** Counts so far. Exact once closed; while running, the kernel's part is as old as the last look. */
    public EventCounts counts() {
        long lost = dropped.total();
        long taken = received;
        return new EventCounts(Math.max(sent, taken) + lost, taken, lost, dispatch.unbound(), dispatch.failed(),
                sampledOut.total());
    }

    /** For how long it has been at one batch of records: more than moments when a handler does not come back, or many wait. */
    public Duration busy() {
        long began = batchBegan;
        return began == 0 ? Duration.ZERO : Duration.ofNanos(Math.max(0, System.nanoTime() - began));
    }

    /** A number that changes while it takes record after record from its ring. */
    public long progress() {
        return ring.progress();
    }

    /** The line of code that its thread is in, outside the JDK and the framework if there is one; for people. */
    public String where() {
        StackTraceElement[] stack = thread.getStackTrace();
        for (StackTraceElement frame : stack) {
            String type = frame.getClassName();
            if (!type.startsWith("java.") && !type.startsWith("jdk.") && !type.startsWith("garrison.framework.ring.")) {
                return frame.toString();
            }
        }
        return stack.length == 0 ? "" : stack[0].toString();
    }

    /** Has it look at its rings now. */
    void wake() {
        ring.wake();
    }

    boolean isAlive() {
        return thread.isAlive();
    }

    /** Whether the calling thread is this reader's, on which it cannot be stopped. */
    public boolean isCurrentThread() {
        return Thread.currentThread() == thread;
    }

    /**
     * Reads what is left, then ends. Call it once, after the programs are detached. If a handler does not come back within
     * seconds, the ring stays mapped until it does, since unmapping memory in use would end the JVM; that is logged.
     */
    @Override
    public void close() {
        stopping = true;
        ring.wake();
        if (!joined()) {
            abandoned = true;
            LOG.error("Plugin {}: a handler has not come back for {}; its thread and its ring are left until it does\n{}",
                    plugin, PATIENCE, stack());
        }
        release();
    }

    /** Called twice, by the reader at its end and by {@link #close}: the second unmaps. */
    private void release() {
        if (releases.incrementAndGet() == 2) {
            ring.close();
            inherited.forEach(InheritedRing::close);
        }
    }

    private boolean joined() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    if (thread.join(PATIENCE)) {
                        return true;
                    }
                    thread.interrupt();
                    return thread.join(Duration.ofSeconds(1));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private String stack() {
        StringBuilder text = new StringBuilder();
        for (StackTraceElement frame : thread.getStackTrace()) {
            text.append("  at ").append(frame).append('\n');
        }
        return text.toString();
    }

    private void run() {
        try {
            long tick = System.nanoTime();
            while (!stopping) {
                batchBegan = System.nanoTime() | 1;
                int count = ring.drain(dispatch);
                received += count;
                boolean idle = count == 0 & drainInherited() == 0;
                batchBegan = 0;
                long now = System.nanoTime();
                if (now - tick >= TICK_NANOS) {
                    tick = now;
                    tell();
                }
                if (idle && !stopping) {
                    ring.await(inherited.isEmpty() ? (int) TimeUnit.NANOSECONDS.toMillis(TICK_NANOS) : INHERITED_MILLIS);
                }
            }
            drainLast();
        } catch (Throwable t) {
            if (abandoned) {
                LOG.debug("Plugin {}: the handler came back after everything was closed", plugin, t);
            } else {
                LOG.error("Plugin {}: its ring is read no more: {}", plugin, t.getMessage(), t);
                broken.accept(t);
            }
        } finally {
            release();
        }
    }

    private int drainInherited() {
        int count = 0;
        for (int i = inherited.size() - 1; i >= 0; i--) {
            int taken = inherited.get(i).drain(dispatch);
            count += taken;
            if (taken == 0 && inherited.get(i).ended(events)) {
                inherited.remove(i).close();
            }
        }
        return count;
    }

    /** Until the ring is empty and holds all that the programs say they sent. */
    private void drainLast() {
        long deadline = System.nanoTime() + LAST_RECORDS_NANOS;
        while (true) {
            int count = ring.drain(dispatch);
            received += count;
            if (count == 0) {
                tell();
                if (received >= counters.sent()) {
                    return;
                }
                if (System.nanoTime() - deadline > 0) {
                    LOG.warn("Plugin {}: {} records were reserved and never submitted", plugin, counters.sent() - received);
                    return;
                }
                ring.await(1);
            }
        }
    }

    private void tell() {
        String cpus = counters.refresh();
        sent = counters.sent();
        if (!cpus.isEmpty()) {
            dropped.detail(cpus);
            dropped.set(counters.dropped());
        }
        dropped.tell(events);
        sampledOut.set(counters.sampledOut());
        sampledOut.tell(events);
        dispatch.tell(events);
    }
}
