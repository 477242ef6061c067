// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** {@code attack serve}: a fork an attack instead of a start of the program, which counts where hundreds are made. */
public final class AttackServer implements Attacker, AutoCloseable {
    private final AttackProgram program;
    private final Process process;
    private final OutputStream requests;
    private final InputStream answers;

    /** Starts the server. */
    public AttackServer(AttackProgram program) {
        this.program = program;
        try {
            process = new ProcessBuilder(program.file().toString(), "serve").redirectError(ProcessBuilder.Redirect.INHERIT).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        requests = new BufferedOutputStream(process.getOutputStream());
        answers = new BufferedInputStream(process.getInputStream());
    }

    @Override
    public Path file() {
        return program.file();
    }

    @Override
    public synchronized Outcome run(List<String> arguments) {
        try {
            requests.write((String.join("\u001f", arguments) + "\n").getBytes(StandardCharsets.UTF_8));
            requests.flush();
            String[] head = line().split(" ");
            String output = text(Integer.parseInt(head[2]));
            String refused = text(Integer.parseInt(head[3])).strip();
            int exit = Integer.parseInt(head[1]);
            if (exit >= Outcome.BAD_SCENE) {
                throw new IllegalStateException(arguments + ": " + refused);
            }
            return Outcome.of(Long.parseLong(head[0]), exit, output, refused);
        } catch (IOException e) {
            throw new UncheckedIOException(arguments.toString(), e);
        }
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = answers.read(); c != '\n'; c = answers.read()) {
            if (c < 0) {
                throw new IOException("the attack server has ended");
            }
            line.append((char) c);
        }
        return line.toString();
    }

    private String text(int length) throws IOException {
        return new String(answers.readNBytes(length), StandardCharsets.UTF_8);
    }

    @Override
    public AttackProgram.Attempt start(List<String> arguments) {
        return program.start(arguments);
    }

    /** The server ends with its standard input. */
    @Override
    public void close() {
        try {
            requests.close();
            process.waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
