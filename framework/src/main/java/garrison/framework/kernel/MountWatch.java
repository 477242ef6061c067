// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.framework.libbpf.Libc;
import garrison.framework.libbpf.WaitSet;
import garrison.spi.KernelException;
import garrison.spi.Watch;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for changes of the mounts that this process sees: the kernel makes {@code /proc/self/mountinfo} an exceptional condition
 * (POLLPRI) for whoever polls it, once a change. A starting container mounts dozens of file systems, so it is told when they have
 * been still for a while.
 */
public final class MountWatch implements Watch {
    private static final Logger LOG = LoggerFactory.getLogger(MountWatch.class);
    private static final String MOUNTS = "/proc/self/mountinfo";
    /** The kernel keeps 15 characters. */
    private static final String THREAD = "garrison-mounts";
    private static final int STILL_MILLIS = 200;
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** A callback may hang in a file system whose server is gone; what closes the watch must not. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final String plugin;
    private final Runnable changed;
    private final Arena arena = Arena.ofShared();
    private final int mounts;
    private final WaitSet waitSet;
    private final Thread thread;
    private volatile boolean ending;

    private MountWatch(String plugin, Runnable changed) {
        this.plugin = plugin;
        this.changed = changed;
        mounts = Libc.open(MOUNTS, Libc.O_RDONLY | Libc.O_CLOEXEC);
        if (mounts < 0) {
            arena.close();
            throw new KernelException(MOUNTS + ": " + Libc.strerror(-mounts), -mounts);
        }
        try {
            waitSet = new WaitSet(arena, MOUNTS, mounts, Libc.EPOLLPRI);
        } catch (RuntimeException | Error e) {
            Libc.close(mounts);
            arena.close();
            throw e;
        }
        thread = Thread.ofPlatform().daemon().inheritInheritableThreadLocals(false).name(THREAD).unstarted(this::run);
    }

    /**
     * Begins to watch. What changes after this has returned is told.
     *
     * @param plugin for the log
     * @param changed see {@link garrison.spi.PluginContext#watchMounts}
     * @throws KernelException if it cannot
     */
    public static MountWatch start(String plugin, Runnable changed) {
        MountWatch watch = new MountWatch(plugin, changed);
        watch.thread.start();
        return watch;
    }

    private void run() {
        try {
            while (!ending) {
                if (waitSet.await(-1)) {
                    settle();
                    tell();
                }
            }
        } catch (RuntimeException e) {
            LOG.error("Plugin {} hears of mounts no more: {}", plugin, e.getMessage(), e);
        }
    }

    private void settle() {
        long end = System.nanoTime() + LONGEST_NANOS;
        while (!ending && waitSet.await(STILL_MILLIS) && System.nanoTime() - end < 0) {
            // Each round is a further change.
        }
    }

    private void tell() {
        if (ending) {
            return;
        }
        try {
            changed.run();
        } catch (RuntimeException | Error e) {
            LOG.error("Plugin {} could not take a change of the mounts: {}", plugin, e.toString(), e);
        }
    }

    @Override
    public synchronized void close() {
        if (ending) {
            return;
        }
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException("a watch cannot be closed from within its own call");
        }
        ending = true;
        waitSet.wake();
        try {
            if (!thread.join(PATIENCE)) {
                LOG.warn("Plugin {} is still looking at the mounts, at {}; that thread ends when it is done", plugin,
                        thread.getStackTrace().length == 0 ? "its end" : thread.getStackTrace()[0]);
                return; // and its descriptors stay open: a number in use by a thread must not become another's
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        waitSet.close();
        Libc.close(mounts);
        arena.close();
    }
}
