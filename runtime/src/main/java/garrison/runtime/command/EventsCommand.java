// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import garrison.runtime.control.ControlClient;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code garrison events}. */
@Command(name = "events", header = "Print events as they happen, one JSON object a line.",
        description = {"Each line begins with time (ISO-8601 with nanoseconds), plugin and type; the type's other fields follow, as"
            + " the plugin documents them. From the core itself come plugin_changed (state, mode, detail) and events_lost (where,"
            + " count, total, detail): events that a slow reader of this command misses are told by such a line.",
            "Ends with 0 when the instance stops, when the reader closes the pipe, or after --count events."})
final class EventsCommand implements Callable<Integer> {
    @Mixin
    private SocketOption socket;

    @Option(names = "--follow", description = "Wait for events to come; this is what it does in any case.")
    private boolean follow;

    @Option(names = "--type", paramLabel = "TYPE", split = ",", description = "Only events of this type; may be repeated.")
    private List<String> types = List.of();

    @Option(names = "--plugin", paramLabel = "NAME", split = ",", description = "Only events of this plugin; may be repeated.")
    private List<String> plugins = List.of();

    @Option(names = "--count", paramLabel = "N", defaultValue = "0", hideParamSyntax = true, description = "End after N events.")
    private long count;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (ControlClient client = socket.connect()) {
            client.request(Map.of("op", "events", "types", types, "plugins", plugins));
            Optional<String> line = client.next();
            for (long n = 1; line.isPresent(); n++) {
                out.println(line.get());
                // Flushes too. A reader that has gone (a pipe into head) is no failure.
                if (out.checkError() || n == count) {
                    return ExitCode.OK;
                }
                line = client.next();
            }
            return ExitCode.OK;
        } catch (IOException e) {
            throw new GarrisonException("the control socket did not close: " + e.getMessage(), e);
        }
    }
}
