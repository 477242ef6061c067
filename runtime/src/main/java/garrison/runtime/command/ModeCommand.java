// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.spi.Mode;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code garrison mode}. */
@Command(name = "mode", header = "Switch a plugin between AUDIT and ENFORCE, until the next reload or restart.",
        description = "One write to a map in the kernel; nothing is loaded again.")
final class ModeCommand implements Runnable {
    @Mixin
    private SocketOption socket;

    @Parameters(index = "0", paramLabel = "PLUGIN", description = "The plugin's name.")
    private String plugin;

    @Parameters(index = "1", paramLabel = "MODE", description = "AUDIT (report and let through) or ENFORCE (refuse and report).")
    private Mode mode;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        Map<?, ?> result = socket.askForObject(Map.of("op", "mode", "plugin", plugin, "mode", mode.name()));
        spec.commandLine().getOut().println(result.get("plugin") + " is in mode " + result.get("mode"));
    }
}
