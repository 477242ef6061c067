// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.Foreground;
import garrison.runtime.config.Installation;

/** {@code garrison run}. */
final class RunCommand {
    static final Command COMMAND = Command.named("run", "Start, and stay until SIGTERM or SIGINT.")
            .description("Loads the bundles that the configuration names, and stays in the foreground. SIGTERM and SIGINT stop in good"
                    + " order: everything is detached, and the exit code is 0. SIGHUP reads the configuration again; one that is wrong"
                    + " changes nothing. The log goes to standard error.")
            .option(ConfigOption.option())
            .option("log-level", "LEVEL", "One of TRACE, DEBUG, INFO, WARN, ERROR (default: INFO).")
            .does(RunCommand::run);

    private RunCommand() {}

    private static int run(Call call) throws InterruptedException {
        Logging.to(call.constant("--log-level", Logging.Level.class, call.value("log-level", Logging.Level.INFO.name())));
        return Foreground.run(ConfigOption.of(call), Installation.current());
    }
}
