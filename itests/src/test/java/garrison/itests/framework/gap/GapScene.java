// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework.gap;

import garrison.itests.Guest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;

/** A directory in which nobody may make another, someone who tries all the time, and a ledger of what was told. */
public final class GapScene implements AutoCloseable {
    private static final long PAUSE_NANOS = 1_000_000;

    final Path folder = Guest.scratch("gap");
    public final Path protectedDirectory;
    public final Ledger ledger;
    final long inode;
    private final Thread attacker;
    private final List<GapProcess> processes = new ArrayList<>();
    private Path jar;
    private volatile boolean on = true;
    private volatile boolean paused;
    private volatile int attempts;
    private volatile int through;
    private volatile IOException trouble;

    public GapScene() {
        try {
            protectedDirectory = Files.createDirectory(folder.resolve("protected"));
            inode = (long) Files.getAttribute(protectedDirectory, "unix:ino");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ledger = new Ledger(ledgerFile());
        attacker = Thread.ofPlatform().daemon().name("gap-attacker").unstarted(this::attack);
    }

    Path ledgerFile() {
        return folder.resolve("ledger");
    }

    /** The classes of this package; a cache of classes takes no folder. */
    Path jar() {
        if (jar == null) {
            jar = GapBundle.jar(folder.resolve("classes.jar"));
        }
        return jar;
    }

    /** A new instance of the plugin. */
    public GapPlugin plugin() {
        return new GapPlugin(ledger, inode, 0);
    }

    /** From now on someone tries without a pause. */
    public void startAttack() {
        attacker.start();
        Guest.await("the attack", () -> attempts > 100);
    }

    /** Nobody tries for a while: for what is not under test and takes its time. */
    public void pauseAttack() {
        paused = true;
    }

    /** They try again. */
    public void resumeAttack() {
        int before = attempts;
        paused = false;
        Guest.await("the attack", () -> attempts > before + 20);
    }

    private void attack() {
        for (int number = 1; on && number < Ledger.SIZE; number++) {
            while (paused && on) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            Path directory = protectedDirectory.resolve(String.valueOf(number));
            try {
                Files.createDirectory(directory);
                through++;
                Files.delete(directory);
            } catch (FileSystemException refused) {
                attempts = number;
            } catch (IOException e) {
                trouble = e;
                return;
            }
        }
    }

    /** Ends the attack; all that was tried counts from 1 to {@link #attempts}. */
    public void endAttack() {
        on = false;
        try {
            attacker.join(Guest.PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (attacker.isAlive()) {
            throw new AssertionError("the attack does not end");
        }
        if (trouble != null) {
            throw new UncheckedIOException(trouble);
        }
    }

    /** The number of the last attempt that was refused. */
    public int attempts() {
        return attempts;
    }

    /** Attempts that were not refused. */
    public int through() {
        return through;
    }

    /** Which attempts were told another number of times than one. */
    public Told told() {
        int never = 0;
        TreeSet<Integer> again = new TreeSet<>();
        for (int attempt = 1; attempt <= attempts; attempt++) {
            int times = ledger.told(attempt);
            if (times == 0) {
                never++;
            } else if (times > 1) {
                again.add(attempt);
            }
        }
        return new Told(never, again);
    }

    /**
     * What was told not exactly once.
     *
     * @param never how many attempts never
     * @param again which ones more often
     */
    public record Told(int never, TreeSet<Integer> again) {}

    /** The attempt that was told last, or was about to be when its process was killed. */
    public int lastTold() {
        return ledger.last();
    }

    /** Starts a process that will guard when it is told to. */
    public GapProcess ready(int granted, String config) {
        GapProcess process = new GapProcess(this, granted, config);
        processes.add(process);
        return process.ready();
    }

    /** Starts a process that guards when this returns. */
    public GapProcess guarding(int granted, String config) {
        GapProcess process = ready(granted, config);
        process.guard();
        return process;
    }

    @Override
    public void close() {
        on = false;
        processes.forEach(GapProcess::close);
    }
}
