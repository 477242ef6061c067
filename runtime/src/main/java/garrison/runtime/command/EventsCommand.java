// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import garrison.runtime.control.ControlClient;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.cli.Option;

/** {@code garrison events}. */
final class EventsCommand {
    static final Command COMMAND = Command.named("events", "Print events as they happen, one JSON object a line.")
            .description("Each line begins with time (ISO-8601 with nanoseconds), plugin and type; the type's other fields follow, as"
                    + " the plugin documents them. From the core itself come plugin_changed (state, mode, detail) and events_lost (where,"
                    + " count, total, detail): events that a slow reader of this command misses are told by such a line.")
            .description("Ends with 0 when the instance stops, when the reader closes the pipe, or after --count events.")
            .option(Instance.option())
            .option("follow", "Wait for events to come; this is what it does in any case.")
            .option(several("type", "TYPE", "Only events of this type; several between commas, or repeated."))
            .option(several("plugin", "NAME", "Only events of this plugin; several between commas, or repeated."))
            .option("count", "N", "End after N events.")
            .does(EventsCommand::run);

    private EventsCommand() {}

    private static Option several(String option, String label, String text) {
        return Option.builder().longOpt(option).hasArgs().valueSeparator(',').argName(label).desc(text).get();
    }

    private static int run(Call call) {
        long count = call.number("count", 0L, Long::valueOf);
        try (ControlClient client = Instance.of(call).connect()) {
            client.request(Map.of("op", "events", "types", call.values("type"), "plugins", call.values("plugin")));
            Optional<String> line = client.next();
            for (long n = 1; line.isPresent(); n++) {
                call.out().println(line.get());
                // Flushes too. A reader that has gone (a pipe into head) is no failure.
                if (call.out().checkError() || n == count) {
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
