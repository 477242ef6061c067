// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import garrison.runtime.json.JsonObject;
import java.time.Instant;
import java.util.Map;

/** {@code garrison plugins}. */
final class PluginsCommand {
    static final Command COMMAND = Command.named("plugins", "Show each plugin with its figures and the programs it has attached.")
            .option(Instance.option())
            .option(JsonOption.option())
            .does(PluginsCommand::run);

    private PluginsCommand() {}

    private static int run(Call call) {
        Map<?, ?> status = Instance.of(call).askForObject(Map.of("op", "status"));
        JsonOption.print(call, status.get("plugins"),
                () -> StatusText.pluginsInFull(new JsonObject(status).objects("plugins"), Instant.now()));
        return ExitCode.OK;
    }
}
