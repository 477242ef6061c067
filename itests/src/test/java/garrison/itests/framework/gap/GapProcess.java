// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework.gap;

import garrison.itests.Guest;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A {@link GapVictim}. What it does not do in time fails the test, with all that it wrote to its standard error. */
public final class GapProcess implements AutoCloseable {
    private static final String END = "its output ended";

    private final Process process;
    private final Path errors;
    private final BlockingQueue<String> said = new LinkedBlockingQueue<>();

    /** Starts a process; it guards nothing yet. */
    GapProcess(GapScene scene, int granted, String config) {
        // As the distribution starts, with its recorded classes: a JVM that finds them is up in a third of the time.
        Path library = Guest.home().resolve("lib");
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow()));
        command.addAll(Guest.javaFlags());
        command.addAll(List.of("-Xmx96m", "-XX:AOTCache=" + library.resolve("garrison.aot"), "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(List.of("-cp", library.resolve("garrison-runtime.jar") + File.pathSeparator + scene.jar(),
                GapVictim.class.getName(), scene.ledgerFile().toString(), String.valueOf(scene.inode), String.valueOf(granted), config));
        try {
            errors = Files.createTempFile(scene.folder, "process-", ".err");
            process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofPlatform().daemon().name("gap-process-output").start(this::listen);
    }

    private void listen() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                said.add(line);
            }
            said.add(END);
        } catch (IOException e) {
            said.add(END + ": " + e);
        }
    }

    /** Waits until its JVM is up. */
    GapProcess ready() {
        await("ready");
        return this;
    }

    /** Has it guard, and waits until it does. */
    public void guard() {
        try {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw failure("takes no word: " + e);
        }
        await("up");
    }

    /** SIGKILL; it is gone when this returns. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** An end in good order. */
    public void end() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw failure("takes no end: " + e);
        }
        awaitEnd();
        if (process.exitValue() != 0) {
            throw failure("ended with " + process.exitValue());
        }
    }

    private void await(String word) {
        try {
            String line = said.poll(Guest.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            if (!word.equals(line)) {
                throw failure("was to say '" + word + "' and said: " + line);
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(Guest.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw failure("does not end");
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException(e);
    }

    private AssertionError failure(String what) {
        try {
            return new AssertionError("process " + process.pid() + " " + what + "\n" + Files.readString(errors));
        } catch (IOException e) {
            return new AssertionError("process " + process.pid() + " " + what, e);
        }
    }

    /** However it ended, nothing of it runs on. */
    @Override
    public void close() {
        process.destroyForcibly();
    }
}
