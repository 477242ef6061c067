// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import garrison.runtime.Version;
import garrison.runtime.control.NotRunningException;
import garrison.runtime.control.RequestException;
import garrison.spi.GarrisonException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;

/** The command {@code garrison}. */
public final class GarrisonCommand {
    private static final Command GARRISON = Command.named("garrison", "Runtime security by BPF programs on the kernel's LSM hooks.")
            .option(Option.builder("V").longOpt("version").desc("Print the version and exit.").get())
            .note("").note("Exit codes:")
            .note("  0   done")
            .note("  1   it could not be done; the message says why")
            .note("  2   the command line is wrong")
            .note("  3   no instance is running")
            .command(RunCommand.COMMAND)
            .command(StatusCommand.COMMAND)
            .command(EventsCommand.COMMAND)
            .command(PluginsCommand.COMMAND)
            .command(ReloadCommand.COMMAND)
            .command(ModeCommand.COMMAND)
            .command(BundleCommand.COMMAND)
            .command(KernelCommand.COMMAND)
            .command(WhyCommand.COMMAND)
            .command(CheckCommand.COMMAND)
            .command(PolicyCommand.COMMAND)
            .command(SignCommand.COMMAND)
            .command(TrustCommand.COMMAND)
            .command(Command.named("help", "Show the help of a command.")
                    .parameter("COMMAND", "The command; all commands, if left out.", Command.Arity.OPTIONAL)
                    .does(GarrisonCommand::help));

    private GarrisonCommand() {}

    /** Runs one command line and returns its exit code. Messages of failure go to {@code err}, one for each failure. */
    public static int execute(PrintWriter out, PrintWriter err, String... arguments) {
        List<Command> path = new ArrayList<>(List.of(GARRISON));
        boolean debug = false;
        try {
            List<String> words = Arrays.asList(arguments);
            while (true) {
                CommandLine line = path.getLast().parse(words);
                debug |= line.hasOption("debug");
                Call call = new Call(List.copyOf(path), line, out, err);
                if (call.has("help")) {
                    Usage.print(call.command(), call.name(), out);
                    return ExitCode.OK;
                }
                if (call.has("version")) {
                    return call.done("garrison " + Version.TEXT);
                }
                if (call.command().commands().isEmpty() || call.words().isEmpty()) {
                    return call.command().run(call);
                }
                words = call.words().subList(1, call.words().size());
                path.add(below(call.command(), call.words().getFirst()));
            }
        } catch (UsageException e) {
            err.println("garrison: " + e.getMessage());
            err.println("see " + new Call(path, null, out, err).name() + " --help");
            return ExitCode.USAGE;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.FAILURE;
        } catch (RuntimeException e) {
            report(e, debug, err);
            return exitCode(e);
        }
    }

    private static Command below(Command command, String name) {
        Command below = command.commands().get(name);
        if (below == null) {
            throw new UsageException("there is no command '" + name + "'; " + command.choices());
        }
        return below;
    }

    private static int help(Call call) {
        Command wanted = call.words().isEmpty() ? GARRISON : below(GARRISON, call.words().getFirst());
        Usage.print(wanted, wanted == GARRISON ? GARRISON.name() : GARRISON.name() + " " + wanted.name(), call.out());
        return ExitCode.OK;
    }

    private static void report(RuntimeException e, boolean debug, PrintWriter err) {
        if (e instanceof GarrisonException) {
            e.getMessage().lines().forEach(line -> err.println("garrison: " + line));
        } else {
            err.println("garrison: a defect of the program: " + e);
        }
        if (debug || !(e instanceof GarrisonException)) {
            e.printStackTrace(err);
        }
        err.flush();
    }

    private static int exitCode(RuntimeException failure) {
        return switch (failure) {
            case NotRunningException e -> ExitCode.NOT_RUNNING;
            case RequestException e -> ExitCode.USAGE;
            default -> ExitCode.FAILURE;
        };
    }
}
