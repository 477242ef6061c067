// SPDX-License-Identifier: Apache-2.0
package garrison.itests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A command that has ended.
 *
 * @param exit its exit status
 * @param out its standard output
 * @param err its standard error
 */
public record Command(int exit, String out, String err) {
    /** Runs a command to its end. */
    public static Command run(Map<String, String> environment, List<String> words) {
        Path err = Guest.scratch("command").resolve("err");
        try {
            ProcessBuilder builder = new ProcessBuilder(words).redirectError(err.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            process.getOutputStream().close();
            String out = process.inputReader().readAllAsString();
            if (!process.waitFor(Guest.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(words + " did not end within " + Guest.PATIENCE.toSeconds() + " s");
            }
            return new Command(process.exitValue(), out, Files.readString(err));
        } catch (IOException e) {
            throw new UncheckedIOException(words.toString(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Runs a command to its end. */
    public static Command run(String... words) {
        return run(Map.of(), List.of(words));
    }

    /** Its output, if it succeeded. */
    public String success() {
        if (exit != 0) {
            throw new AssertionError(this.toString());
        }
        return out;
    }

    /** Whether what it said on standard error shows a stack trace. */
    public boolean showsStackTrace() {
        return err.lines().anyMatch(line -> line.startsWith("\tat ") || line.startsWith("Exception in thread"));
    }
}
