// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.commons.cli.CommandLine;

/**
 * One command line, read.
 *
 * @param path the commands that led here, from the program itself down to the one that runs
 * @param line its options and words
 */
record Call(List<Command> path, CommandLine line, PrintWriter out, PrintWriter err) {
    Command command() {
        return path.getLast();
    }

    /** What was typed to get here: {@code garrison bundle stop}. */
    String name() {
        return path.stream().map(Command::name).collect(Collectors.joining(" "));
    }

    boolean has(String option) {
        return line.hasOption(option);
    }

    String value(String option, String otherwise) {
        return line.getOptionValue(option, otherwise);
    }

    Path file(String option, String otherwise) {
        return Path.of(value(option, otherwise));
    }

    /** All values of an option that may be repeated, or hold several between commas if it says so. */
    List<String> values(String option) {
        String[] values = line.getOptionValues(option);
        return values == null ? List.of() : List.of(values);
    }

    /** @throws UsageException if it is no whole number */
    <N extends Number> N number(String option, N otherwise, Function<String, N> read) {
        String text = value(option, null);
        try {
            return text == null ? otherwise : read.apply(text);
        } catch (NumberFormatException e) {
            throw new UsageException("--" + option + " is '" + text + "', which is no whole number that fits");
        }
    }

    /** The words that are no options. */
    List<String> words() {
        return line.getArgList();
    }

    /**
     * A constant's name in any case.
     *
     * @param what what the text is, for the message
     * @throws UsageException if there is none of that name
     */
    <E extends Enum<E>> E constant(String what, Class<E> type, String text) {
        return Arrays.stream(type.getEnumConstants()).filter(c -> c.name().equalsIgnoreCase(text)).findAny()
                .orElseThrow(() -> new UsageException(what + " is '" + text + "'; it must be one of "
                        + Arrays.stream(type.getEnumConstants()).map(c -> c.name().toUpperCase(Locale.ROOT)).collect(Collectors.joining(", "))));
    }

    int done(String text) {
        out.println(text);
        return ExitCode.OK;
    }
}
