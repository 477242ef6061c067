// SPDX-License-Identifier: Apache-2.0
package garrison.framework.truth;

import garrison.framework.libbpf.Libc;
import garrison.framework.truth.Witness.Runs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that acts and looks who saw it, four times a second. The act is a system call of its own, so a beat depends on no
 * other process; it is repeated before a mechanism is called silent, since a program does not run while it already runs on the
 * same CPU.
 */
final class WitnessWatch implements AutoCloseable {
    static final long PERIOD_MILLIS = 250;

    private static final Logger LOG = LoggerFactory.getLogger(WitnessWatch.class);
    private static final int ACTS = 3;
    private static final long PATIENCE_SECONDS = 20;
    /** The kernel keeps 15 characters. */
    private static final String THREAD = "garrison-beat";

    private final WitnessPrograms programs;
    private final KernelSwitches switches;
    private final Supplier<OnLost> policy;
    private final Consumer<Witness> changed;
    private final Map<Mechanism, Witness> witnesses;
    private final LinkedBlockingQueue<CompletableFuture<Void>> requests = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean ending;

    /**
     * @param programs loaded; outlive this
     * @param witnesses written by this thread only
     * @param changed hears of each change, on this thread
     */
    WitnessWatch(WitnessPrograms programs, KernelSwitches switches, Supplier<OnLost> policy, Map<Mechanism, Witness> witnesses,
            Consumer<Witness> changed) {
        this.programs = programs;
        this.switches = switches;
        this.policy = policy;
        this.witnesses = witnesses;
        this.changed = changed;
        this.thread = Thread.ofPlatform().daemon().inheritInheritableThreadLocals(false).name(THREAD).start(this::run);
    }

    /** Waits for a beat that began after this call; the answer stays as it was if the machine is too slow for one. */
    void beatNow() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        requests.add(done);
        try {
            done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("No heartbeat within {} s: whether BPF programs run is not known yet ({})", PATIENCE_SECONDS, e.toString());
        }
    }

    private void run() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(THREAD);
            programs.thisThread();
            while (!ending) {
                CompletableFuture<Void> request = requests.poll(PERIOD_MILLIS, TimeUnit.MILLISECONDS);
                if (!ending) {
                    containedBeat(name);
                }
                if (request != null) {
                    request.complete(null);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("The heartbeat was interrupted");
        } catch (RuntimeException e) {
            LOG.error("The heartbeat has ended: {}", e.getMessage(), e);
            programs.attached().forEach(m -> become(m, Runs.UNKNOWN, Instant.now(), "the heartbeat has ended: " + e.getMessage()));
        }
        requests.forEach(r -> r.complete(null));
    }

    private void containedBeat(MemorySegment name) {
        try {
            beat(name);
        } catch (RuntimeException e) {
            programs.attached().forEach(m ->
                    become(m, Runs.UNKNOWN, Instant.now(), "the heartbeat failed: " + e.getMessage()));
        }
    }

    private void beat(MemorySegment name) {
        Set<Mechanism> attached = programs.attached();
        if (attached.isEmpty()) {
            return;
        }
        EnumSet<Mechanism> silent = EnumSet.copyOf(attached);
        Beats before = programs.look();
        Beats after = before;
        for (int act = 0; act < ACTS && !silent.isEmpty(); act++) {
            Libc.nameThread(name);
            Beats now = programs.look();
            silent.removeIf(m -> now.of(m) != before.of(m));
            after = now;
        }
        Instant time = programs.time(after);
        boolean seen = after.acts() != before.acts();
        boolean trampolines = attached.contains(Mechanism.TRAMPOLINE) && !silent.contains(Mechanism.TRAMPOLINE);
        for (Mechanism mechanism : attached) {
            if (!silent.contains(mechanism)) {
                become(mechanism, Runs.YES, time, "it was switched on again, not by Garrison");
            } else if (!seen) {
                become(mechanism, Runs.UNKNOWN, Instant.now(), "neither " + mechanism.word() + " programs nor the raw"
                        + " tracepoint that they are compared with saw the act");
            } else if (runs(mechanism) != Runs.NO) {
                become(mechanism, Runs.NO, time, switches.reason(mechanism, trampolines));
            }
        }
        if (seen && !silent.isEmpty() && policy.get() == OnLost.RESTORE) {
            restore(name, silent);
        }
    }

    private void restore(MemorySegment name, Set<Mechanism> silent) {
        for (Mechanism mechanism : silent) {
            Optional<String> done = switches.restore(mechanism);
            if (done.isPresent()) {
                LOG.warn("{}", done.get());
                // If it does not help, the next beat tries again.
                lookAgain(name, done.get(), silent);
                return;
            }
        }
    }

    private void lookAgain(MemorySegment name, String done, Set<Mechanism> silent) {
        Beats before = programs.look();
        Libc.nameThread(name);
        Beats after = programs.look();
        for (Mechanism mechanism : silent) {
            if (after.of(mechanism) != before.of(mechanism)) {
                become(mechanism, Runs.YES, programs.time(after), done);
            }
        }
    }

    private Runs runs(Mechanism mechanism) {
        Witness known = witnesses.get(mechanism);
        return known == null ? null : known.runs();
    }

    /** Tells a change; that all is well at the first beat is none. */
    private void become(Mechanism mechanism, Runs runs, Instant time, String reason) {
        Witness before = witnesses.get(mechanism);
        if (before != null && before.runs() == runs) {
            if (runs == Runs.YES) {
                witnesses.put(mechanism, new Witness(mechanism, runs, before.since(), time, before.reason()));
            }
            return;
        }
        Instant lastRun = runs == Runs.YES ? time : before == null ? null : before.lastRun();
        boolean wellFromTheStart = before == null && runs == Runs.YES;
        Witness now = new Witness(mechanism, runs, time, lastRun, wellFromTheStart ? "" : reason);
        witnesses.put(mechanism, now);
        if (!wellFromTheStart) {
            changed.accept(now);
        }
    }

    @Override
    public void close() {
        ending = true;
        requests.add(new CompletableFuture<>());
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
