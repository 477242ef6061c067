// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import garrison.runtime.check.ConfigurationCheck;
import garrison.runtime.config.Installation;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code garrison check}. */
@Command(name = "check", header = "Check a configuration file without loading anything into the kernel.",
        description = "Reads the file, finds the bundles it names and has each plugin read its settings. What only the kernel can say"
            + " (whether a hook exists, which file a path leads to) is left to the start. The exit code is 1 when anything is wrong.")
final class CheckCommand implements Callable<Integer> {
    @Option(names = "--config", paramLabel = "FILE", defaultValue = "/etc/garrison/garrison.conf",
            description = "Configuration file (default: ${DEFAULT-VALUE}).")
    private Path config;

    @Mixin
    private JsonOption json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        // What the bundles' host would log is in the result.
        System.setProperty("org.slf4j.simpleLogger.log.garrison.runtime.osgi", "off");
        Logging.to(Logging.Level.WARN);
        ConfigurationCheck.Result result = ConfigurationCheck.of(config, Installation.current());
        PrintWriter out = spec.commandLine().getOut();
        json.print(out, result, result::remarks);
        if (result.errors().isEmpty()) {
            return ExitCode.OK;
        }
        result.errors().forEach(error -> spec.commandLine().getErr().println("garrison: " + error));
        return ExitCode.FAILURE;
    }
}
