// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import java.util.Map;

/** {@code garrison bundle stop|start|update NAME}. */
final class BundleCommand {
    static final Command COMMAND = Command.named("bundle", "Stop, start or update a bundle while the others run.")
            .command(change("stop", "Detaches the bundle's programs and stops it."))
            .command(change("start", "Starts a bundle that was stopped or had failed."))
            .command(change("update", "Reads the bundle's jar again from the disk, and starts it if it was running."));

    private BundleCommand() {}

    private static Command change(String what, String header) {
        return Command.named(what, header)
                .option(Instance.option())
                .parameter("NAME", "The bundle's name.")
                .does(call -> {
                    Map<?, ?> result = Instance.of(call).askForObject(Map.of("op", "bundle-" + what, "name", call.words().getFirst()));
                    return call.done("bundle " + result.get("name") + " " + result.get("version") + " is " + result.get("state"));
                });
    }
}
