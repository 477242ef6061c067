// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.MissingArgumentException;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;

/**
 * A command of the program: what it takes, told as plain data, and what it does. No annotations: reading them took longer than
 * most commands do.
 */
final class Command {
    /** What a command does; returns the exit code. */
    interface Action {
        int run(Call call) throws InterruptedException;
    }

    /** A word that is no option. */
    record Parameter(String label, String description, Arity arity) {
        String synopsis() {
            return arity == Arity.ONE ? label : "[" + label + (arity == Arity.ANY ? "..." : "") + "]";
        }
    }

    /** How many words a parameter takes. */
    enum Arity { ONE, OPTIONAL, ANY }

    private final String name;
    private final String header;
    private final List<String> description = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Options options = new Options();
    private final List<Parameter> parameters = new ArrayList<>();
    private final Map<String, Command> commands = new LinkedHashMap<>();
    private Action action = call -> {
        throw new UsageException("which command? " + choices());
    };

    private Command(String name, String header) {
        this.name = name;
        this.header = header;
        option("debug", "Print stack traces with errors.");
        option(Option.builder("h").longOpt("help").desc("Show this help and exit.").get());
    }

    /** @param header one line that says what the command does */
    static Command named(String name, String header) {
        return new Command(name, header);
    }

    /** Adds a paragraph to the help, above the options. */
    Command description(String paragraph) {
        description.add(paragraph);
        return this;
    }

    /** Adds a line to the help, below everything else. */
    Command note(String line) {
        notes.add(line);
        return this;
    }

    Command option(Option option) {
        options.addOption(option);
        return this;
    }

    /** An option without a value. */
    Command option(String option, String text) {
        return option(Option.builder().longOpt(option).desc(text).get());
    }

    /** An option with a value. */
    Command option(String option, String label, String text) {
        return option(valued(option, label, text));
    }

    static Option valued(String option, String label, String text) {
        return Option.builder().longOpt(option).hasArg().argName(label).desc(text).get();
    }

    /** Adds a word that must be given. */
    Command parameter(String label, String text) {
        return parameter(label, text, Arity.ONE);
    }

    /** Adds a word, or words; after one that is not {@link Arity#ONE} comes no other. */
    Command parameter(String label, String text, Arity arity) {
        parameters.add(new Parameter(label, text, arity));
        return this;
    }

    /** Adds a command below this one. */
    Command command(Command command) {
        commands.put(command.name, command);
        return this;
    }

    Command does(Action what) {
        action = what;
        return this;
    }

    String name() {
        return name;
    }

    String header() {
        return header;
    }

    List<String> description() {
        return description;
    }

    List<String> notes() {
        return notes;
    }

    Options options() {
        return options;
    }

    List<Parameter> parameters() {
        return parameters;
    }

    /** The commands below this one, by name. */
    Map<String, Command> commands() {
        return commands;
    }

    /** The commands below this one, for a message: one of them is needed. */
    String choices() {
        return "one of " + String.join(", ", commands.keySet());
    }

    int run(Call call) throws InterruptedException {
        return action.run(call);
    }

    /**
     * Reads the words behind the command's own name.
     *
     * @throws UsageException if they are not what the command takes
     */
    CommandLine parse(List<String> words) {
        CommandLine line;
        try {
            line = DefaultParser.builder().setAllowPartialMatching(false).get()
                    .parse(options, words.toArray(String[]::new), !commands.isEmpty());
        } catch (UnrecognizedOptionException e) {
            throw new UsageException("there is no option " + e.getOption() + "; " + knownOptions());
        } catch (MissingArgumentException e) {
            throw new UsageException("--" + e.getOption().getLongOpt() + " needs a value: " + e.getOption().getArgName());
        } catch (ParseException e) {
            throw new UsageException(e.getMessage());
        }
        if (!line.hasOption("help") && commands.isEmpty()) {
            check(line.getArgList());
        }
        return line;
    }

    private void check(List<String> words) {
        int least = (int) parameters.stream().filter(p -> p.arity() == Arity.ONE).count();
        if (words.size() < least) {
            throw new UsageException(parameters.get(words.size()).label() + " is missing");
        }
        boolean endless = parameters.stream().anyMatch(p -> p.arity() == Arity.ANY);
        if (!endless && words.size() > parameters.size()) {
            throw new UsageException("'" + words.get(parameters.size()) + "' is one word too many");
        }
    }

    private String knownOptions() {
        return "known: " + options.getOptions().stream().map(o -> "--" + o.getLongOpt()).sorted().collect(Collectors.joining(", "));
    }
}
