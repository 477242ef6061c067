// SPDX-License-Identifier: Apache-2.0
package garrison.framework.truth;

import garrison.framework.kernel.RunningKernel;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.truth.Witness.Runs;
import garrison.spi.GarrisonException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether programs run, as opposed to being attached. A trial at the first {@link #watch}, a heartbeat while anyone watches:
 * a change is told within {@value WitnessWatch#PERIOD_MILLIS} ms and the time to notice it. What is switched off and on again
 * between two beats is not seen. Safe for use by several threads.
 *
 * <p>Minimum kernel 5.14; elsewhere, and where programs cannot be loaded, all is unknown.
 */
public final class Truth implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Truth.class);

    private final Libbpf libbpf;
    private final RunningKernel kernel;
    private final LongFunction<Instant> clock;
    private final Map<Mechanism, Witness> witnesses = new ConcurrentHashMap<>();
    private volatile OnLost policy = OnLost.REPORT;
    private volatile Consumer<Witness> listener = _ -> { };
    private WitnessPrograms programs;
    private WitnessWatch heartbeat;
    private int watchers;

    /** Watches nothing yet. @param clock from nanoseconds since boot */
    public Truth(Libbpf libbpf, RunningKernel kernel, LongFunction<Instant> clock) {
        this.libbpf = libbpf;
        this.kernel = kernel;
        this.clock = clock;
    }

    /** What to do from now on when programs stop running. */
    public void policy(OnLost next) {
        policy = next;
    }

    /** Who hears of changes from now on, on the heartbeat's thread, which must not be kept waiting. */
    public void listener(Consumer<Witness> next) {
        listener = next;
    }

    /** A reason to watch. Closing the last one ends the heartbeat; closing twice does nothing. */
    public final class Watch implements AutoCloseable {
        private boolean closed;

        private Watch() {}

        /** Has a mechanism watched too, and waits for the first answer. */
        public Witness of(Mechanism mechanism) {
            return Truth.this.watch(mechanism);
        }

        @Override
        public void close() {
            synchronized (Truth.this) {
                if (!closed) {
                    closed = true;
                    release();
                }
            }
        }
    }

    /** Begins to watch, for as long as the result is open. */
    public synchronized Watch watch() {
        watchers++;
        return new Watch();
    }

    private synchronized Witness watch(Mechanism mechanism) {
        Witness known = witnesses.get(mechanism);
        if (known != null) {
            return known;
        }
        try {
            start();
            programs.attach(mechanism);
            heartbeat.beatNow();
        } catch (GarrisonException e) {
            LOG.warn("Whether {} programs run cannot be found out: {}", mechanism.word(), e.getMessage());
            witnesses.put(mechanism, new Witness(mechanism, Runs.UNKNOWN, Instant.now(), null, e.getMessage()));
        }
        return witnesses.computeIfAbsent(mechanism, m -> new Witness(m, Runs.UNKNOWN, Instant.now(), null, "no heartbeat yet"));
    }

    private void start() {
        if (programs == null) {
            programs = WitnessPrograms.load(libbpf, kernel, clock);
        }
        if (heartbeat == null) {
            programs.begin();
            heartbeat = new WitnessWatch(programs, new KernelSwitches(kernel), () -> policy, witnesses, w -> listener.accept(w));
        }
    }

    /** What is known of a mechanism that is watched. */
    public Optional<Witness> witness(Mechanism mechanism) {
        return Optional.ofNullable(witnesses.get(mechanism));
    }

    /** What is known of all mechanisms that are watched. */
    public List<Witness> witnesses() {
        return witnesses.values().stream().sorted(Comparator.comparing(Witness::mechanism)).toList();
    }

    private void release() {
        if (--watchers == 0) {
            stop();
        }
    }

    private void stop() {
        if (heartbeat != null) {
            heartbeat.close();
            programs.end();
            heartbeat = null;
        }
        witnesses.clear();
    }

    @Override
    public synchronized void close() {
        stop();
        if (programs != null) {
            programs.close();
            programs = null;
        }
    }
}
