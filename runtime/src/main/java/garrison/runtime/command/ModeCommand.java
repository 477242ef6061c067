// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.spi.Mode;
import java.util.Map;

/** {@code garrison mode}. */
final class ModeCommand {
    static final Command COMMAND = Command.named("mode", "Switch a plugin between AUDIT and ENFORCE, until the next reload or restart.")
            .description("One write to a map in the kernel; nothing is loaded again.")
            .option(Instance.option())
            .parameter("PLUGIN", "The plugin's name.")
            .parameter("MODE", "AUDIT (report and let through) or ENFORCE (refuse and report).")
            .does(ModeCommand::run);

    private ModeCommand() {}

    private static int run(Call call) {
        Mode mode = call.constant("MODE", Mode.class, call.words().get(1));
        Map<?, ?> result = Instance.of(call)
                .askForObject(Map.of("op", "mode", "plugin", call.words().getFirst(), "mode", mode.name()));
        return call.done(result.get("plugin") + " is in mode " + result.get("mode"));
    }
}
