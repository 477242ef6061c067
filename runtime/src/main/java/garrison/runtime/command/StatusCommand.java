// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.json.JsonObject;
import java.time.Instant;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code garrison status}. */
@Command(name = "status", header = "Show what the running instance is doing.",
        description = "One line a plugin: its state and since when, the mode requested, the number of hooks it is attached to, records"
            + " received from the kernel and records for which its ring buffer had no room. Below it the plugin's own figures, and the"
            + " reason if it does not run. The exit code is 0 whatever the plugins' states; 3 when nothing is running.")
final class StatusCommand implements Runnable {
    @Mixin
    private SocketOption socket;

    @Mixin
    private JsonOption json;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        Map<?, ?> status = socket.askForObject(Map.of("op", "status"));
        json.print(spec.commandLine().getOut(), status, () -> StatusText.status(new JsonObject(status), Instant.now()));
    }
}
