// SPDX-License-Identifier: Apache-2.0
package garrison.framework.truth;

import garrison.framework.light.OwnObjects;
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
 * Whether programs run, as opposed to being attached. A trial when that is first asked, and from then on a heartbeat:
 * a change is told within {@value WitnessWatch#PERIOD_MILLIS} ms and the time to notice it. What is switched off and on again
 * between two beats is not seen. Safe for use by several threads.
 *
 * <p>The witnesses stay when the last plugin goes: to attach them is a twentieth of what the next one's start takes.
 *
 * <p>Minimum kernel 5.14; elsewhere, and where programs cannot be loaded, all is unknown.
 */
public final class Truth implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Truth.class);

    private final OwnObjects own;
    private final LongFunction<Instant> clock;
    private final Map<Mechanism, Witness> witnesses = new ConcurrentHashMap<>();
    private volatile OnLost policy = OnLost.REPORT;
    private volatile Consumer<Witness> listener = _ -> { };
    private WitnessPrograms programs;
    private WitnessWatch heartbeat;

    /** Watches nothing yet. @param clock from nanoseconds since boot */
    public Truth(OwnObjects own, LongFunction<Instant> clock) {
        this.own = own;
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

    /** Has a mechanism watched from now on, and waits for the first answer. Where that failed before, it is tried again. */
    public synchronized Witness watch(Mechanism mechanism) {
        Witness known = witnesses.get(mechanism);
        if (known != null && (known.runs() != Runs.UNKNOWN || programs != null && programs.attached().contains(mechanism))) {
            return known;
        }
        String before = known == null ? "" : known.reason();
        try {
            start();
            programs.attach(mechanism);
            heartbeat.beatNow();
        } catch (GarrisonException e) {
            if (!e.getMessage().equals(before)) {
                LOG.warn("Whether {} programs run cannot be found out: {}", mechanism.word(), e.getMessage());
            }
            witnesses.put(mechanism, new Witness(mechanism, Runs.UNKNOWN, Instant.now(), null, e.getMessage()));
        }
        return witnesses.computeIfAbsent(mechanism, m -> new Witness(m, Runs.UNKNOWN, Instant.now(), null, "no heartbeat yet"));
    }

    private void start() {
        if (programs == null) {
            programs = WitnessPrograms.load(own, clock);
        }
        if (heartbeat == null) {
            programs.begin();
            heartbeat = new WitnessWatch(programs, new KernelSwitches(own.kernel()), () -> policy, witnesses, w -> listener.accept(w));
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

    @Override
    public synchronized void close() {
        if (heartbeat != null) {
            heartbeat.close();
            heartbeat = null;
        }
        witnesses.clear();
        if (programs != null) {
            programs.close();
            programs = null;
        }
    }
}
