// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.Foreground;
import garrison.runtime.config.Installation;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code garrison run}. */
@Command(name = "run", header = "Start, and stay until SIGTERM or SIGINT.",
        description = {"Loads the bundles that the configuration names, and stays in the foreground. SIGTERM and SIGINT stop in good"
            + " order: everything is detached, and the exit code is 0. SIGHUP reads the configuration again; one that is wrong"
            + " changes nothing. The log goes to standard error."})
final class RunCommand implements Callable<Integer> {
    @Option(names = "--config", paramLabel = "FILE", defaultValue = "/etc/garrison/garrison.conf",
            description = "Configuration file (default: ${DEFAULT-VALUE}).")
    private Path config;

    @Option(names = "--log-level", paramLabel = "LEVEL", defaultValue = "INFO",
            description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Logging.Level level;

    @Override
    public Integer call() throws InterruptedException {
        Logging.to(level);
        return Foreground.run(config, Installation.current());
    }
}
