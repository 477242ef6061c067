// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import garrison.framework.Garrison;
import garrison.runtime.command.GarrisonCommand;
import garrison.runtime.command.Logging;
import garrison.runtime.config.Installation;
import garrison.runtime.control.ControlServer;
import garrison.runtime.control.Limits;
import garrison.runtime.control.Operations;
import garrison.runtime.control.Request;
import garrison.runtime.event.EventFilter;
import garrison.runtime.event.EventHub;
import garrison.runtime.event.EventStream;
import garrison.spi.EventsLost;
import garrison.spi.GarrisonException;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.slf4j.LoggerFactory;

/**
 * What the build runs once, so that the Java machine can record the classes that a start and the commands need: with the AOT
 * cache made of that, both start sooner. Attaches nothing; also proves that the distribution's own sample of a
 * configuration can be used.
 */
final class Rehearsal {
    private Rehearsal() {}

    /** @param arguments the configuration file to check */
    public static void main(String[] arguments) {
        int code = ExitCode.FAILURE;
        try (PrintWriter err = new PrintWriter(System.err, true); PrintWriter out = new PrintWriter(Writer.nullWriter())) {
            log();
            instance();
            GarrisonCommand.execute(out, err, "why", "file-guard");
            classes();
            commands(out, err);
            code = GarrisonCommand.execute(out, err, "check", "--config", arguments[0]);
        } catch (IOException | RuntimeException e) {
            e.printStackTrace();
        } finally {
            System.exit(code);
        }
    }

    /** One line in the form that {@code run} logs: a date takes a hundred classes of the JDK. */
    private static void log() throws IOException {
        Path file = Files.createTempFile("garrison-rehearsal", ".log");
        System.setProperty("org.slf4j.simpleLogger.logFile", file.toString());
        System.setProperty("org.slf4j.simpleLogger.showDateTime", "true");
        System.setProperty("org.slf4j.simpleLogger.dateTimeFormat", Logging.TIME);
        LoggerFactory.getLogger(Rehearsal.class).info("{}", file);
        Files.delete(file);
    }

    /**
     * A start without a plugin, where the building machine has libbpf and lets it: the classes are found without, but not what Java
     * generates for their lambdas when these are first met.
     */
    private static void instance() throws IOException {
        Path folder = Files.createTempDirectory("garrison-rehearsal");
        Path config = Files.writeString(folder.resolve("garrison.conf"), "garrison { pin = false, runtime { bundle-directory = \""
                + folder + "\", control-socket = \"" + folder.resolve("control.sock") + "\", cache-directory = \"" + folder.resolve("cache")
                + "\", on-plugin-failure = CONTINUE } }");
        try (Daemon started = Daemon.start(config, Installation.current())) {
            LoggerFactory.getLogger(Rehearsal.class).debug("{}", started.phase());
        } catch (GarrisonException e) {
            System.err.println("rehearsed without libbpf: a start will take somewhat longer (" + e.getMessage() + ")");
        } finally {
            try (Stream<Path> left = Files.walk(folder)) {
                left.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
            }
        }
    }

    /**
     * All of Garrison's own, among them those that only a plugin in a kernel needs; but none that would bring Bouncy Castle
     * into a start that checks no signature.
     */
    private static void classes() throws IOException {
        for (Class<?> one : List.of(Rehearsal.class, Garrison.class, EventsLost.class)) {
            try (JarFile jar = new JarFile(Installation.placeOf(one).toFile())) {
                jar.stream().map(ZipEntry::getName).filter(name -> name.startsWith("garrison/") && name.endsWith(".class")
                        && !name.endsWith("package-info.class") && !name.contains("/osgi/") && !name.contains("/trust/"))
                        .forEach(name -> load(name.substring(0, name.length() - ".class".length()).replace('/', '.')));
            }
        }
    }

    private static void load(String name) {
        try {
            Class.forName(name, false, Rehearsal.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void commands(PrintWriter out, PrintWriter err) throws IOException {
        Path folder = Files.createTempDirectory("garrison-rehearsal");
        Path socket = folder.resolve("control.sock");
        InstanceLock lock = InstanceLock.take(socket);
        try (lock; EventHub events = new EventHub();
                ControlServer server = new ControlServer(socket, new Answers(events), Limits.of(16, 16))) {
            for (String line : List.of("status", "plugins", "status --json", "reload", "mode file-guard ENFORCE",
                    "bundle update file-guard", "events --count 1")) {
                int code = GarrisonCommand.execute(out, err, (line + " --socket " + socket).split(" "));
                if (code != ExitCode.OK) {
                    throw new IllegalStateException(server + ": " + line + " ended with " + code);
                }
            }
        } finally {
            Files.deleteIfExists(socket.resolveSibling(socket.getFileName() + ".lock"));
            Files.delete(folder);
        }
    }

    /** An instance's answers, as far as the commands look at them. */
    private record Answers(EventHub hub) implements Operations {
        @Override
        public Object answer(Request request) {
            return switch (request.operation()) {
                case "status" -> Map.of("since", Instant.now(), "kernel", Map.of("release", "none"), "bundles",
                        List.of(Map.of("name", "file-guard")), "plugins", List.of(Map.of("name", "file-guard", "since", Instant.now(),
                                "attached", List.of(Map.of("hook", "file_open")), "figures", Map.of("rules", "1"))));
                case "reload" -> Map.of("config", "none", "enforcement", 0.001);
                default -> Map.of("name", request.operation());
            };
        }

        @Override
        public EventStream events(EventFilter filter, String receiver) {
            EventStream stream = hub.open(filter, receiver, 16);
            hub.onEvent(new EventsLost("rehearsal", Instant.now(), "listener", 1, 1, receiver));
            return stream;
        }
    }
}
