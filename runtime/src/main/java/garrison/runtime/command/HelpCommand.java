// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code garrison help [COMMAND]}. */
@Command(name = "help", header = "Show the help of a command.")
final class HelpCommand implements Runnable {
    @Parameters(arity = "0..1", paramLabel = "COMMAND", description = "The command; all commands, if left out.")
    private String command;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        CommandLine garrison = spec.parent().commandLine();
        CommandLine wanted = command == null ? garrison : garrison.getSubcommands().get(command);
        if (wanted == null) {
            throw new ParameterException(spec.commandLine(), "there is no command '" + command + "'");
        }
        wanted.usage(garrison.getOut());
    }
}
