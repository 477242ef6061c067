// SPDX-License-Identifier: Apache-2.0
package garrison.itests.syscalltable;

import garrison.itests.Guest;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** A process of its own that runs syscall-table, pinned, until it is killed. */
final class KeptWatch implements AutoCloseable {
    static final String PINNED = "garrison.pin = true";
    private static final String UP = "up";

    private final Process process;

    private KeptWatch(Process process) {
        this.process = process;
    }

    /** Says that it is up, and stays so while its standard input is open. */
    public static void main(String... arguments) throws IOException {
        Watched watched = Watched.start(PINNED);
        System.out.println(UP);
        while (System.in.read() >= 0) {
            // Only the end counts.
        }
        watched.close();
    }

    /** Starts it, and waits until it looks. */
    static KeptWatch start() {
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow()));
        command.addAll(Guest.javaFlags());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path").replace("::", File.pathSeparator),
                KeptWatch.class.getName()));
        // A property, not an argument: the same for every Java.
        command.add(1, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            String said = process.inputReader().readLine();
            if (!UP.equals(said)) {
                process.destroyForcibly();
                throw new AssertionError("the process said " + said);
            }
            return new KeptWatch(process);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGKILL; it is gone when this returns. */
    void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
