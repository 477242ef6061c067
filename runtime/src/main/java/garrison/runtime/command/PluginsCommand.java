// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.json.JsonObject;
import java.time.Instant;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code garrison plugins}. */
@Command(name = "plugins", header = "Show each plugin with its figures and the programs it has attached.")
final class PluginsCommand implements Runnable {
    @Mixin
    private SocketOption socket;

    @Mixin
    private JsonOption json;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        Map<?, ?> status = socket.askForObject(Map.of("op", "status"));
        json.print(spec.commandLine().getOut(), status.get("plugins"),
                () -> StatusText.pluginsInFull(new JsonObject(status).objects("plugins"), Instant.now()));
    }
}
