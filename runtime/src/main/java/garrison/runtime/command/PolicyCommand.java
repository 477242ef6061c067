// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import garrison.runtime.check.BundledPlugins;
import garrison.runtime.config.ConfigFile;
import garrison.runtime.config.Installation;
import garrison.spi.GarrisonException;
import garrison.spi.Plugin;
import garrison.spi.PolicyAnswer;
import garrison.spi.PolicyFinding;
import garrison.spi.PolicyTool;
import garrison.spi.Settings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code garrison policy check|explain|diff|report|suggest}: asks the plugins, which need no kernel for it. */
final class PolicyCommand {
    static final Command COMMAND = Command.named("policy", "Check, explain and compare policies, and make one of what was seen.")
            .command(Command.named("check", "Look for errors, contradictions and rules without effect, all of them.")
                    .description("The exit code is 1 if there is an error; with --strict also if there is a warning.")
                    .option("strict", "Let warnings fail too.")
                    .option(JsonOption.option())
                    .parameter("FILE", "Configuration file (default: " + ConfigFile.DEFAULT + ").", Command.Arity.OPTIONAL)
                    .does(PolicyCommand::check))
            .command(Command.named("explain", "Say who may do what to a file, and by which rule.")
                    .description("Answers from the configuration and the files that exist now; a running instance is not asked.")
                    .option("as", "WHO", "Who asks, by what plugins know them by, for example /usr/bin/vault or uid:0; may be repeated, for"
                            + " someone who is all of it.")
                    .option(ConfigOption.option())
                    .option(JsonOption.option())
                    .parameter("PATH", "The file; a name that does not exist yet will do.")
                    .does(PolicyCommand::explain))
            .command(Command.named("diff", "Say what another configuration would change: who may do more, and who less.")
                    .option(JsonOption.option())
                    .parameter("OLD", "The configuration file to compare with.")
                    .parameter("NEW", "The other one.")
                    .does(PolicyCommand::diff))
            .command(PolicyLog.command("report", "Say what was refused, and what would be if AUDIT became ENFORCE, by program and rule.",
                    PolicyTool::report))
            .command(PolicyLog.command("suggest", "Print the present policy with all that was seen allowed, to start from.",
                    PolicyTool::suggest));

    private PolicyCommand() {}

    /** What is asked of one plugin. */
    interface Question<T> {
        T ask(PolicyTool tool, Settings settings);
    }

    private static int check(Call call) {
        ConfigFile file = read(call.words().isEmpty() ? ConfigFile.DEFAULT : Path.of(call.words().getFirst()));
        try (BundledPlugins plugins = start(file, call)) {
            Map<String, List<PolicyFinding>> all = ask(plugins, file, PolicyTool::check);
            JsonOption.print(call, all, () -> lines(all));
            List<PolicyFinding> findings = all.values().stream().flatMap(List::stream).toList();
            boolean wrong = call.has("strict") ? !findings.isEmpty()
                    : findings.stream().anyMatch(finding -> finding.severity() == PolicyFinding.Severity.ERROR);
            return wrong || !plugins.problems().isEmpty() ? ExitCode.FAILURE : ExitCode.OK;
        }
    }

    private static List<String> lines(Map<String, List<PolicyFinding>> all) {
        List<String> lines = new ArrayList<>();
        all.forEach((plugin, findings) -> {
            findings.forEach(finding -> lines.add(finding.severity().name().toLowerCase(java.util.Locale.ROOT) + ": " + finding.words()));
            long errors = findings.stream().filter(finding -> finding.severity() == PolicyFinding.Severity.ERROR).count();
            lines.add(plugin + ": " + count(errors, "error") + ", " + count(findings.size() - errors, "warning"));
        });
        return lines;
    }

    private static String count(long number, String what) {
        return (number == 0 ? "no" : String.valueOf(number)) + " " + what + (number == 1 ? "" : "s");
    }

    private static int explain(Call call) {
        ConfigFile file = read(ConfigOption.of(call));
        Path object = Path.of(call.words().getFirst()).toAbsolutePath();
        return answer(call, file, (tool, settings) -> tool.explain(settings, object, call.values("as")));
    }

    private static int diff(Call call) {
        ConfigFile before = read(Path.of(call.words().getFirst()));
        ConfigFile after = read(Path.of(call.words().getLast()));
        try (BundledPlugins plugins = start(after, call)) {
            Map<String, PolicyAnswer> answers = new LinkedHashMap<>();
            for (Plugin plugin : plugins.all()) {
                plugin.policyTool().ifPresent(tool -> answers.put(plugin.name(),
                        tool.compare(BundledPlugins.settings(before, plugin), BundledPlugins.settings(after, plugin))));
            }
            return print(call, answers);
        }
    }

    /** Asks all plugins that have something to say, and prints what they do. */
    static int answer(Call call, ConfigFile file, Question<PolicyAnswer> question) {
        try (BundledPlugins plugins = start(file, call)) {
            return print(call, ask(plugins, file, question));
        }
    }

    private static int print(Call call, Map<String, PolicyAnswer> answers) {
        // While the bundles live: what they said is of their classes.
        Map<String, Object> facts = new LinkedHashMap<>();
        answers.forEach((plugin, answer) -> facts.put(plugin, answer.facts()));
        JsonOption.print(call, facts, () -> answers.values().stream().flatMap(answer -> answer.lines().stream())
                .map(TextTable::printable).toList());
        return ExitCode.OK;
    }

    private static <T> Map<String, T> ask(BundledPlugins plugins, ConfigFile file, Question<T> question) {
        Map<String, T> answers = new LinkedHashMap<>();
        for (Plugin plugin : plugins.all()) {
            plugin.policyTool().ifPresent(tool -> answers.put(plugin.name(),
                    question.ask(tool, BundledPlugins.settings(file, plugin))));
        }
        if (answers.isEmpty()) {
            throw new GarrisonException("no bundle of " + file.file() + " has a policy to be asked about; name one in"
                    + " garrison.runtime.bundles that has, for example file-guard");
        }
        return answers;
    }

    static ConfigFile read(Path path) {
        return ConfigFile.read(path, Installation.current());
    }

    private static BundledPlugins start(ConfigFile file, Call call) {
        // What the bundles' host would log is told here.
        System.setProperty("org.slf4j.simpleLogger.log.garrison.runtime.osgi", "off");
        Logging.brief(Logging.Level.WARN);
        BundledPlugins plugins = BundledPlugins.start(file);
        plugins.problems().forEach(problem -> call.err().println("garrison: " + problem));
        return plugins;
    }
}
