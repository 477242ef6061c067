// SPDX-License-Identifier: Apache-2.0
package garrison.itests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The real program, {@code bin/garrison run}, as a process of its own with a folder for its configuration and socket. */
public final class GarrisonProcess implements AutoCloseable {
    private static final Map<String, String> ECONOMY = Map.of("GARRISON_JAVA_OPTS", String.join(" ", Guest.javaFlags()));

    private final Path folder;
    private final Process process;

    private GarrisonProcess(Path folder, Process process) {
        this.folder = folder;
        this.process = process;
    }

    /**
     * Starts it; it is not ready yet.
     *
     * @param folder where its configuration is written and its socket and log will be
     * @param policy its section {@code runtime} is given by {@link #runtime}
     */
    public static GarrisonProcess start(Path folder, Policy policy) {
        return start(folder, policy.text(), List.of());
    }

    /**
     * Starts it; it is not ready yet.
     *
     * @param configuration the file's text; its section {@code runtime} begins with {@link #runtime}
     * @param starter a command that runs the command that follows it, as its own process; or empty
     */
    public static GarrisonProcess start(Path folder, String configuration, List<String> starter) {
        return start(folder, configuration, starter, Guest.home());
    }

    /**
     * Starts it; it is not ready yet.
     *
     * @param home the program's folder
     */
    public static GarrisonProcess start(Path folder, String configuration, List<String> starter, Path home) {
        List<String> words = new ArrayList<>(starter);
        words.addAll(List.of(home.resolve("bin/garrison").toString(), "run", "--config", config(folder).toString()));
        try {
            Files.writeString(config(folder), configuration);
            ProcessBuilder builder = new ProcessBuilder(words)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(log(folder).toFile());
            builder.environment().putAll(ECONOMY);
            return new GarrisonProcess(folder, builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The section {@code runtime} for a folder: socket and cache in it. */
    public static String runtime(Path folder, String more) {
        return "control-socket = \"" + socket(folder) + "\"" + (more.isEmpty() ? "" : ", " + more);
    }

    /** Writes the configuration. */
    public static void configure(Path folder, Policy policy) {
        try {
            Files.writeString(config(folder), policy.text());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs the program to its end, with any arguments. */
    public static Command once(String... arguments) {
        return Command.run(ECONOMY, command(arguments));
    }

    private static List<String> command(String... arguments) {
        List<String> words = new ArrayList<>(List.of(Guest.home().resolve("bin/garrison").toString()));
        words.addAll(List.of(arguments));
        return words;
    }

    private static Path config(Path folder) {
        return folder.resolve("garrison.conf");
    }

    private static Path socket(Path folder) {
        return folder.resolve("control.sock");
    }

    private static Path log(Path folder) {
        return folder.resolve("log");
    }

    /** Its process. */
    public Process process() {
        return process;
    }

    /** Its configuration file. */
    public Path config() {
        return config(folder);
    }

    /** What it has logged so far. */
    public String log() {
        try {
            return Files.readString(log(folder));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until it says how each plugin started. */
    public GarrisonProcess awaitStarted() {
        try {
            Guest.await("garrison runs", this::started);
            return this;
        } catch (AssertionError e) {
            kill();
            throw new AssertionError(e.getMessage() + "\n" + log(), e);
        }
    }

    private boolean started() {
        if (!process.isAlive()) {
            throw new AssertionError("garrison ended with " + process.exitValue());
        }
        Map<String, Object> status = status();
        return !status.isEmpty() && allSettled(status.get("bundles"), "ACTIVE", "MISSING")
                && allSettled(status.get("plugins"), "ACTIVE", "FAILED");
    }

    /** Whether it has come to rest, and this plugin does not run. */
    public boolean settledWithout(String plugin) {
        return process.isAlive() && started() && !"ACTIVE".equals(plugin(plugin).get("state"));
    }

    private static boolean allSettled(Object things, String... states) {
        List<Map<String, Object>> all = Json.objects(things);
        return !all.isEmpty() && all.stream().allMatch(thing -> List.of(states).contains(String.valueOf(thing.get("state"))));
    }

    /** What {@code status} shows, asked without the second JVM that a client is; empty while nobody answers. */
    public Map<String, Object> status() {
        return ask("{\"op\":\"status\"}") instanceof Map<?, ?> answer && answer.get("result") instanceof Map<?, ?> status
                ? Json.object(status) : Map.of();
    }

    /** A plugin as {@code status} shows it. */
    public Map<String, Object> plugin(String name) {
        Map<String, Object> status = status();
        return Json.objects(status.get("plugins")).stream().filter(p -> p.get("name").equals(name)).findAny()
                .orElseThrow(() -> new AssertionError("no plugin " + name + ": " + status));
    }

    /** One request to the control socket without starting a client; null while nobody answers. */
    private Object ask(String request) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket(folder)));
            channel.write(ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8)));
            String line = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8)).readLine();
            return line == null ? null : Json.parse(line);
        } catch (IOException notThereYet) {
            return null;
        }
    }

    /** What a command asks the instance for, without the second JVM that a client is; it must be done. */
    public void request(String json) {
        if (!(ask(json) instanceof Map<?, ?> answer) || !answer.containsKey("result")) {
            throw new AssertionError(json + " was not done:\n" + log());
        }
    }

    /** Runs a command of the program against this instance, to its end. */
    public Command cli(String... arguments) {
        List<String> words = new ArrayList<>(command(arguments));
        words.addAll(List.of("--socket", socket(folder).toString()));
        return Command.run(ECONOMY, words);
    }

    /** Starts {@code garrison events} against this instance. */
    public EventLines events() {
        List<String> words = command("events", "--socket", socket(folder).toString());
        try {
            ProcessBuilder builder = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().putAll(ECONOMY);
            return new EventLines(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGHUP: it reads its configuration again. */
    public void hangUp() {
        Command.run("kill", "-HUP", Long.toString(process.pid())).success();
    }

    /** SIGTERM; its exit status. */
    public int terminate() {
        process.destroy();
        return awaitEnd();
    }

    /** SIGKILL. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    private int awaitEnd() {
        try {
            if (!process.waitFor(Guest.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("garrison does not end:\n" + log());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** In good order, since a killed one leaves its programs attached. */
    @Override
    public void close() {
        if (process.isAlive()) {
            terminate();
        }
    }
}
