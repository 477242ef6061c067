// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import garrison.itests.Guest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A directory in which nobody may make another, someone who tries all the time, and a ledger of what was told. */
final class GapScene implements AutoCloseable {
    final Path folder = Guest.scratch("gap");
    final Path protectedDirectory;
    final Ledger ledger;
    final long inode;
    private final Thread attacker;
    private volatile boolean on = true;
    private volatile int attempts;
    private volatile int through;
    private volatile IOException trouble;

    GapScene() {
        try {
            protectedDirectory = Files.createDirectory(folder.resolve("protected"));
            inode = (long) Files.getAttribute(protectedDirectory, "unix:ino");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ledger = new Ledger(folder.resolve("ledger"));
        attacker = Thread.ofPlatform().unstarted(this::attack);
    }

    GapPlugin plugin() {
        return new GapPlugin(ledger, inode, 0);
    }

    /** From now on someone tries without a pause. */
    void startAttack() {
        attacker.start();
        Guest.await("the attack", () -> attempts > 100);
    }

    private void attack() {
        for (int number = 1; on && number < Ledger.SIZE; number++) {
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
    void endAttack() {
        on = false;
        try {
            attacker.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (trouble != null) {
            throw new UncheckedIOException(trouble);
        }
    }

    int attempts() {
        return attempts;
    }

    int through() {
        return through;
    }

    /** Attempts that were told another number of times than one: how many never, how many more often. */
    Told told() {
        int never = 0;
        int again = 0;
        for (int attempt = 1; attempt <= attempts; attempt++) {
            int times = ledger.told(attempt);
            never += times == 0 ? 1 : 0;
            again += times > 1 ? times - 1 : 0;
        }
        return new Told(never, again);
    }

    record Told(int never, int again) {}

    /** Starts a process that guards; it is up when this returns. */
    Process victim(int granted, String config) {
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow()));
        command.addAll(Guest.javaFlags());
        command.addAll(List.of("-Xshare:auto", "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                GapVictim.class.getName(), folder.resolve("ledger").toString(), String.valueOf(inode), String.valueOf(granted), config));
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            String line = new BufferedReader(process.inputReader(StandardCharsets.UTF_8)).readLine();
            if (!"up".equals(line)) {
                process.destroyForcibly();
                throw new AssertionError("the process says: " + line);
            }
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGKILL. */
    static void kill(Process process) {
        await(process.destroyForcibly());
    }

    /** An end in good order. */
    static void end(Process process) {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await(process);
    }

    private static void await(Process process) {
        try {
            if (!process.waitFor(Guest.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("the process does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        on = false;
    }
}
