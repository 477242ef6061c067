// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code garrison bundle stop|start|update NAME}. */
@Command(name = "bundle", header = "Stop, start or update a bundle while the others run.", synopsisSubcommandLabel = "COMMAND")
final class BundleCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "stop, start or update?");
    }

    @Command(name = "stop", description = "Detaches the bundle's programs and stops it.")
    void stop(@Mixin SocketOption socket, @Parameters(paramLabel = "NAME", description = "The bundle's name.") String name) {
        change("bundle-stop", socket, name);
    }

    @Command(name = "start", description = "Starts a bundle that was stopped or had failed.")
    void start(@Mixin SocketOption socket, @Parameters(paramLabel = "NAME", description = "The bundle's name.") String name) {
        change("bundle-start", socket, name);
    }

    @Command(name = "update", description = "Reads the bundle's jar again from the disk, and starts it if it was running.")
    void update(@Mixin SocketOption socket, @Parameters(paramLabel = "NAME", description = "The bundle's name.") String name) {
        change("bundle-update", socket, name);
    }

    private void change(String operation, SocketOption socket, String name) {
        Map<?, ?> result = socket.askForObject(Map.of("op", operation, "name", name));
        spec.commandLine().getOut().println("bundle " + result.get("name") + " " + result.get("version") + " is " + result.get("state"));
    }
}
