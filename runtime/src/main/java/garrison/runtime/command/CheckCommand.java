// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import garrison.runtime.check.ConfigurationCheck;
import garrison.runtime.config.Installation;

/** {@code garrison check}. */
final class CheckCommand {
    static final Command COMMAND = Command.named("check", "Check a configuration file without loading anything into the kernel.")
            .description("Reads the file, finds the bundles it names and has each plugin read its settings. What only the kernel can say"
                    + " (whether a hook exists, which file a path leads to) is left to the start. The exit code is 1 when anything is"
                    + " wrong.")
            .option(ConfigOption.option())
            .option(JsonOption.option())
            .does(CheckCommand::run);

    private CheckCommand() {}

    private static int run(Call call) {
        // What the bundles' host would log is in the result.
        System.setProperty("org.slf4j.simpleLogger.log.garrison.runtime.osgi", "off");
        Logging.brief(Logging.Level.WARN);
        ConfigurationCheck.Result result = ConfigurationCheck.of(ConfigOption.of(call), Installation.current());
        JsonOption.print(call, result, result::remarks);
        result.errors().forEach(error -> call.err().println("garrison: " + error));
        return result.errors().isEmpty() ? ExitCode.OK : ExitCode.FAILURE;
    }
}
