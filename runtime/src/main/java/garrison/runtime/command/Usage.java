// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.cli.Option;

/** The help of a command. */
final class Usage {
    private static final int WIDTH = 100;
    private static final int WIDEST_LABEL = 24;

    /** What is explained, and how. */
    private record Entry(String label, String text) {}

    private Usage() {}

    /** @param name what is typed to get to the command: {@code garrison bundle stop} */
    static void print(Command command, String name, PrintWriter out) {
        out.println(command.header());
        synopsis(command, name).forEach(out::println);
        command.description().forEach(paragraph -> TextTable.wrap(paragraph, WIDTH, "").forEach(out::println));
        List<Entry> entries = new ArrayList<>();
        command.parameters().forEach(p -> entries.add(new Entry(p.synopsis(), p.description())));
        options(command).forEach(o -> entries.add(new Entry(label(o), o.getDescription())));
        table(entries, out);
        if (!command.commands().isEmpty()) {
            out.println("Commands:");
            table(command.commands().values().stream().map(c -> new Entry(c.name(), c.header())).toList(), out);
        }
        command.notes().forEach(out::println);
    }

    private static List<String> synopsis(Command command, String name) {
        String words = Stream.concat(options(command).map(Usage::synopsis), command.parameters().stream().map(Command.Parameter::synopsis))
                .collect(Collectors.joining(" "));
        String first = "Usage: " + name + " ";
        List<String> lines = TextTable.wrap(words + (command.commands().isEmpty() ? "" : " COMMAND"), WIDTH, " ".repeat(first.length()));
        List<String> all = new ArrayList<>(lines);
        all.set(0, first + lines.getFirst().strip());
        return all;
    }

    private static Stream<Option> options(Command command) {
        return command.options().getOptions().stream().sorted(Comparator.comparing(Option::getLongOpt));
    }

    private static String synopsis(Option option) {
        return "[" + (option.getOpt() == null ? "--" + option.getLongOpt() : "-" + option.getOpt())
                + (option.hasArg() ? "=" + option.getArgName() : "") + "]";
    }

    private static String label(Option option) {
        return (option.getOpt() == null ? "    " : "-" + option.getOpt() + ", ") + "--" + option.getLongOpt()
                + (option.hasArg() ? "=" + option.getArgName() : "");
    }

    private static void table(List<Entry> entries, PrintWriter out) {
        int column = entries.stream().mapToInt(e -> e.label().length()).filter(n -> n <= WIDEST_LABEL).max().orElse(0) + 5;
        for (Entry entry : entries) {
            List<String> lines = TextTable.wrap(entry.text(), WIDTH, " ".repeat(column));
            boolean beside = entry.label().length() <= WIDEST_LABEL;
            String label = "  " + entry.label();
            out.println(beside ? label + " ".repeat(column - label.length()) + lines.getFirst().strip() : label);
            lines.stream().skip(beside ? 1 : 0).forEach(out::println);
        }
    }
}
