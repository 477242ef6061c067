// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import garrison.runtime.config.ConfigFile;
import garrison.runtime.config.RuntimeSettings.EventLogSettings;
import garrison.runtime.event.EventHistory;
import garrison.spi.GarrisonException;
import garrison.spi.PolicyAnswer;
import garrison.spi.PolicyTool;
import garrison.spi.Settings;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;

/** {@code garrison policy report|suggest}: what the event log says of a policy. */
final class PolicyLog {
    private static final int MOST_FILES = 100;

    private PolicyLog() {}

    /** What is made of events. */
    interface Reading {
        PolicyAnswer of(PolicyTool tool, Settings settings, Stream<Map<String, Object>> events);
    }

    static Command command(String name, String header, Reading reading) {
        return Command.named(name, header)
                .description("Reads the event log (garrison.runtime.event-log) with the full files kept beside it.")
                .option("since", "TIME", "Only events of the last 30m, 1h, 7d and so on; all that the log holds, if left out.")
                .option("log", "FILE", "An event log (default: that of the configuration).")
                .option(ConfigOption.option())
                .option(JsonOption.option())
                .does(call -> run(call, reading));
    }

    private static int run(Call call, Reading reading) {
        Instant since = since(call);
        ConfigFile file = PolicyCommand.read(ConfigOption.of(call));
        EventHistory history = new EventHistory(log(call, file), since);
        int code = PolicyCommand.answer(call, file, (tool, settings) -> reading.of(tool, settings, history.lines()));
        if (history.unreadable() > 0) {
            call.err().println("garrison: " + history.unreadable() + " lines of the event log are no events and were passed over");
        }
        return code;
    }

    private static EventLogSettings log(Call call, ConfigFile file) {
        if (call.has("log")) {
            return new EventLogSettings(Path.of(call.value("log", "")), Long.MAX_VALUE, MOST_FILES);
        }
        return file.runtime().eventLog().orElseThrow(() -> new GarrisonException(file.file() + " keeps no event log; set"
                + " garrison.runtime.event-log, or name one with --log"));
    }

    private static Instant since(Call call) {
        String text = call.value("since", "");
        if (text.isEmpty()) {
            return Instant.MIN;
        }
        try {
            return Instant.now().minus(ConfigFactory.parseMap(Map.of("since", text)).getDuration("since"));
        } catch (ConfigException e) {
            throw new UsageException("--since is '" + text + "'; write a time with its unit, for example 30m, 1h or 7d");
        }
    }
}
