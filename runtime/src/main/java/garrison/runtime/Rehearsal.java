// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import garrison.runtime.command.GarrisonCommand;
import garrison.runtime.control.ControlServer;
import garrison.runtime.control.Limits;
import garrison.runtime.control.Operations;
import garrison.runtime.control.Request;
import garrison.runtime.event.EventFilter;
import garrison.runtime.event.EventHub;
import garrison.runtime.event.EventStream;
import garrison.spi.EventsLost;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What the build runs once, so that the Java machine can record the classes that a start and the commands need: with the AOT
 * cache made of that, both take about half the time. Touches no kernel; also proves that the distribution's own sample of a
 * configuration can be used.
 */
final class Rehearsal {
    private Rehearsal() {}

    /** @param arguments the configuration file to check */
    public static void main(String[] arguments) {
        int code = ExitCode.FAILURE;
        try (PrintWriter err = new PrintWriter(System.err, true); PrintWriter out = new PrintWriter(Writer.nullWriter())) {
            commands(out, err);
            code = GarrisonCommand.execute(out, err, "check", "--config", arguments[0]);
        } catch (IOException | RuntimeException e) {
            e.printStackTrace();
        } finally {
            System.exit(code);
        }
    }

    private static void commands(PrintWriter out, PrintWriter err) throws IOException {
        Path folder = Files.createTempDirectory("garrison-rehearsal");
        Path socket = folder.resolve("control.sock");
        InstanceLock lock = InstanceLock.take(socket);
        try (lock; EventHub events = new EventHub();
                ControlServer server = new ControlServer(socket, new Answers(events), Limits.of(2, 16))) {
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
