// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.spi.KernelException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the programs of all running plugins once a second that their process is alive, on a thread of its own. */
final class Heartbeat implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);
    private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Supplier<Stream<PluginSlot>> slots;
    private final Thread thread;
    private volatile boolean closed;

    /** @param slots those present at a moment */
    Heartbeat(Supplier<Stream<PluginSlot>> slots) {
        this.slots = slots;
        thread = Thread.ofPlatform().daemon().inheritInheritableThreadLocals(false).name("garrison-heartbeat").start(this::run);
    }

    private void run() {
        while (!closed) {
            slots.get().forEach(Heartbeat::beat);
            LockSupport.parkNanos(PERIOD_NANOS);
        }
    }

    private static void beat(PluginSlot slot) {
        try {
            slot.beat();
        } catch (IllegalStateException closing) {
            LOG.debug("Plugin {} is being closed", slot.name(), closing);
        } catch (KernelException e) {
            LOG.error("Plugin {}: no heartbeat: {}", slot.name(), e.getMessage());
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        try {
            thread.join(PERIOD_NANOS / 1_000_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
