// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The compiled {@code itests/attacks}.
 *
 * @param file where it is
 */
public record AttackProgram(Path file) implements Attacker {
    /** A single call takes microseconds; under emulation and load a second is not rare. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** Starts it, and waits for its end. */
    @Override
    public Outcome run(List<String> arguments) {
        return start(arguments).finish();
    }

    /** Starts it. An attack that holds something first goes on with {@link Attempt#awaitHeld} and {@link Attempt#finish}. */
    @Override
    public Attempt start(List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(file.toString());
        command.addAll(arguments);
        try {
            return new Attempt(new ProcessBuilder(command).start(), command);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + command, e);
        }
    }

    /** One attack under way. For one thread. */
    public static final class Attempt {
        private final Process process;
        private final List<String> command;
        private final BufferedReader output;
        private boolean holding;

        private Attempt(Process process, List<String> command) {
            this.process = process;
            this.command = command;
            this.output = process.inputReader(StandardCharsets.UTF_8);
        }

        /** The attacker's process. */
        public long pid() {
            return process.pid();
        }

        /** Waits until the attacker holds what it may have. */
        public void awaitHeld() {
            try {
                String line = output.readLine();
                if (!"held".equals(line)) {
                    throw new IllegalStateException(command + " said " + line + ", not held; "
                            + process.errorReader(StandardCharsets.UTF_8).readLine());
                }
                holding = true;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Lets a holding attacker go on, and waits for its end. */
        public Outcome finish() {
            try {
                if (holding) {
                    process.outputWriter().append('\n').flush();
                }
                String told = output.readAllAsString();
                String refused = process.errorReader(StandardCharsets.UTF_8).readAllAsString().strip();
                if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                    process.destroyForcibly();
                    throw new IllegalStateException(command + " did not end within " + LIMIT.toSeconds() + " s");
                }
                if (process.exitValue() >= Outcome.BAD_SCENE) {
                    throw new IllegalStateException(command + ": " + refused);
                }
                return Outcome.of(process.pid(), process.exitValue(), told, refused);
            } catch (IOException e) {
                throw new UncheckedIOException(command.toString(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }
}
