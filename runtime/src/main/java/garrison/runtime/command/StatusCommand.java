// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import garrison.runtime.json.JsonObject;
import java.time.Instant;
import java.util.Map;

/** {@code garrison status}. */
final class StatusCommand {
    static final Command COMMAND = Command.named("status", "Show what the running instance is doing.")
            .description("One line a plugin: its state and since when, the mode requested, the number of hooks it is attached to,"
                    + " records received from the kernel and records for which its ring buffer had no room. Below it the plugin's own"
                    + " figures, and the reason if it does not run. The exit code is 0 whatever the plugins' states; 3 when nothing is"
                    + " running.")
            .option(Instance.option())
            .option(JsonOption.option())
            .does(StatusCommand::run);

    private StatusCommand() {}

    private static int run(Call call) {
        Map<?, ?> status = Instance.of(call).askForObject(Map.of("op", "status"));
        JsonOption.print(call, status, () -> StatusText.status(new JsonObject(status), Instant.now()));
        return ExitCode.OK;
    }
}
