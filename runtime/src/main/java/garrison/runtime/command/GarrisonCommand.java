// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import garrison.runtime.Version;
import garrison.runtime.control.NotRunningException;
import garrison.runtime.control.RequestException;
import garrison.spi.GarrisonException;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code garrison}. */
@Command(name = "garrison", versionProvider = GarrisonCommand.VersionText.class,
        header = "Runtime security by BPF programs on the kernel's LSM hooks.",
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:it could not be done; the message says why", "2:the command line is wrong",
            "3:no instance is running"})
public final class GarrisonCommand implements Runnable {
    private static final Map<String, Supplier<Object>> COMMANDS = commands();

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Print stack traces with errors.")
    private boolean debug;

    @Option(names = {"-h", "--help"}, usageHelp = true, scope = ScopeType.INHERIT, description = "Show this help and exit.")
    private boolean help;

    @Option(names = {"-V", "--version"}, versionHelp = true, description = "Print the version and exit.")
    private boolean version;

    @Spec
    private CommandSpec spec;

    private GarrisonCommand() {}

    private static Map<String, Supplier<Object>> commands() {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("run", RunCommand::new);
        commands.put("status", StatusCommand::new);
        commands.put("events", EventsCommand::new);
        commands.put("plugins", PluginsCommand::new);
        commands.put("reload", ReloadCommand::new);
        commands.put("mode", ModeCommand::new);
        commands.put("bundle", BundleCommand::new);
        commands.put("kernel", KernelCommand::new);
        commands.put("why", WhyCommand::new);
        commands.put("check", CheckCommand::new);
        commands.put("sign", SignCommand::new);
        commands.put("help", HelpCommand::new);
        return commands;
    }

    /** Only the command that is named: reading the annotations of all of them would take longer than most commands do. */
    private static CommandLine line(GarrisonCommand garrison, String... arguments) {
        CommandLine line = new CommandLine(garrison);
        Optional<String> named = Arrays.stream(arguments).filter(a -> !a.startsWith("-")).findFirst()
                .filter(a -> COMMANDS.containsKey(a) && !a.equals("help"));
        COMMANDS.forEach((name, command) -> {
            if (named.isEmpty() || named.get().equals(name)) {
                line.addSubcommand(name, command.get());
            }
        });
        return line;
    }

    /** Runs one command line and returns its exit code. Messages of failure go to {@code err}, one for each failure. */
    public static int execute(PrintWriter out, PrintWriter err, String... arguments) {
        GarrisonCommand command = new GarrisonCommand();
        return line(command, arguments)
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpWidth(100)
                .setExitCodeExceptionMapper(GarrisonCommand::exitCode)
                .setParameterExceptionHandler((e, line) -> {
                    err.println("garrison: " + e.getMessage());
                    if (!CommandLine.UnmatchedArgumentException.printSuggestions(e, err)) {
                        err.println("see " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
                    }
                    return ExitCode.USAGE;
                })
                .setExecutionExceptionHandler((e, line, result) -> command.report(e, err))
                .execute(arguments);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command?");
    }

    private int report(Exception e, PrintWriter err) {
        if (e instanceof GarrisonException) {
            e.getMessage().lines().forEach(line -> err.println("garrison: " + line));
        } else {
            err.println("garrison: a defect of the program: " + e);
        }
        if (debug || !(e instanceof GarrisonException)) {
            e.printStackTrace(err);
        }
        err.flush();
        return exitCode(e);
    }

    private static int exitCode(Throwable t) {
        return switch (t) {
            case NotRunningException e -> ExitCode.NOT_RUNNING;
            case RequestException e -> ExitCode.USAGE;
            case ParameterException e -> ExitCode.USAGE;
            default -> ExitCode.FAILURE;
        };
    }

    /** What {@code --version} prints. */
    static final class VersionText implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"garrison " + Version.TEXT};
        }
    }
}
