// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.budget.Finding;
import garrison.framework.budget.RunStatistics;
import garrison.framework.budget.StatisticsSettings;
import garrison.framework.libbpf.Libbpf;
import garrison.spi.KernelException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the windows in which programs are measured, on a thread of its own, since what follows may take time. */
final class BudgetWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BudgetWatch.class);

    private final Libbpf libbpf;
    private final Supplier<Stream<PluginSlot>> slots;
    private final BiConsumer<PluginSlot, Finding> found;
    private final Thread thread;
    private volatile StatisticsSettings settings;
    private volatile boolean closed;
    /** Of this thread only; null while they are off. */
    private RunStatistics statistics;
    private boolean refused;

    /**
     * @param slots those present at a moment
     * @param found is called with what is to be done, on this thread
     */
    BudgetWatch(Libbpf libbpf, StatisticsSettings settings, Supplier<Stream<PluginSlot>> slots,
            BiConsumer<PluginSlot, Finding> found) {
        this.libbpf = libbpf;
        this.settings = settings;
        this.slots = slots;
        this.found = found;
        thread = Thread.ofPlatform().daemon().inheritInheritableThreadLocals(false).name("garrison-budget").start(this::run);
    }

    /** Other windows from now on. */
    void settings(StatisticsSettings next) {
        settings = next;
        LockSupport.unpark(thread);
    }

    private void run() {
        try {
            while (!closed) {
                StatisticsSettings now = settings;
                if (!now.isOn()) {
                    off();
                    LockSupport.park(this);
                } else if (now.pause().isZero() || passed(now.pause(), now)) {
                    window(now);
                }
            }
        } finally {
            off();
        }
    }

    private void window(StatisticsSettings now) {
        if (!on()) {
            passed(now.every(), now);
            return;
        }
        List<PluginSlot> present = slots.get().toList();
        present.forEach(slot -> contained(slot, slot::openWindow));
        if (passed(now.window(), now)) {
            List<Runnable> steps = present.stream().map(slot -> closing(slot, now)).toList();
            if (!now.pause().isZero()) {
                off();
            }
            steps.forEach(Runnable::run);
        } else {
            off();
        }
    }

    /** Reads a slot's figures, and returns what is to be done about them, when the statistics are off again. */
    private Runnable closing(PluginSlot slot, StatisticsSettings now) {
        Runnable[] step = {() -> { }};
        contained(slot, () -> slot.closeWindow(now.minRuns())
                .ifPresent(finding -> step[0] = () -> contained(slot, () -> found.accept(slot, finding))));
        return step[0];
    }

    private static void contained(PluginSlot slot, Runnable step) {
        try {
            step.run();
        } catch (IllegalStateException closing) {
            LOG.debug("Plugin {} is being closed", slot.name(), closing);
        } catch (RuntimeException e) {
            LOG.error("Plugin {}: its budget is not watched: {}", slot.name(), e.toString(), e);
        }
    }

    private boolean on() {
        try {
            if (statistics == null) {
                statistics = RunStatistics.on(libbpf);
            }
            refused = false;
            return true;
        } catch (KernelException e) {
            if (!refused) {
                refused = true;
                LOG.error("No plugin's budget is watched: {}", e.getMessage());
            }
            return false;
        }
    }

    private void off() {
        if (statistics != null) {
            statistics.close();
            statistics = null;
        }
    }

    /** Waits; false if it was ended by the end or by other settings. */
    private boolean passed(Duration time, StatisticsSettings valid) {
        long end = System.nanoTime() + time.toNanos();
        long rest = time.toNanos();
        while (!closed && settings == valid && rest > 0) {
            LockSupport.parkNanos(this, rest);
            rest = end - System.nanoTime();
        }
        return !closed && settings == valid;
    }

    /** Ends the thread; not to be called with a lock that {@code found} takes. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread != Thread.currentThread() && thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
