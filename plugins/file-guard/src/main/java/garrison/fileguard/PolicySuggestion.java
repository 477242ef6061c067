// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import com.typesafe.config.ConfigUtil;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A policy with what was seen allowed, written as a person would write it: to be read by one before it is used. */
final class PolicySuggestion {
    /** An executable that more users run is allowed for whoever runs it. */
    private static final int MOST_UIDS = 4;
    private static final String INDENT = "    ";

    private final Policy policy;
    private final AccessReport report;
    private final List<String> lines = new ArrayList<>();

    private PolicySuggestion(Policy policy, AccessReport report) {
        this.policy = policy;
        this.report = report;
    }

    /** A configuration file's lines. */
    static List<String> lines(Policy policy, AccessReport report) {
        return new PolicySuggestion(policy, report).write();
    }

    private List<String> write() {
        lines.add("# Made of what was seen: all that was refused, or would have been, is allowed here. Take out what should not be.");
        lines.add("garrison.plugins.file-guard {");
        lines.add("  mode = AUDIT");
        lines.add("  rules = [");
        policy.rules().forEach(this::write);
        lines.add("  ]");
        lines.add("}");
        strangers();
        return lines;
    }

    private void write(Rule rule) {
        lines.add("  { name = " + quoted(rule.name()));
        lines.add(INDENT + places(rule));
        rule.eventsPerSecond().ifPresent(limit -> lines.add(INDENT + "events-per-second = " + limit));
        rule.owner().ifPresent(uid -> lines.add(INDENT + "owner = " + uid));
        lines.add(INDENT + "operations = " + list(rule.operations().stream().sorted().map(Operation::word)));
        if (rule.effect() != Effect.DENY) {
            lines.add(INDENT + "effect = " + rule.effect().name().toLowerCase(Locale.ROOT));
        }
        Map<Subject, String> allow = new LinkedHashMap<>();
        rule.allow().forEach(subject -> allow.put(subject, ""));
        observed(rule).forEach((subject, why) -> {
            if (allow.keySet().stream().noneMatch(subject::within)) {
                allow.put(subject, why);
            }
        });
        if (!allow.isEmpty()) {
            lines.add(INDENT + "allow = [");
            allow.forEach((subject, why) -> lines.add(INDENT + "  " + text(subject) + why));
            lines.add(INDENT + "]");
        }
        lines.add("  }");
    }

    private static String places(Rule rule) {
        if (!rule.globs().isEmpty()) {
            return "globs = " + list(rule.globs().stream().map(PolicySuggestion::quoted));
        }
        if (!rule.fileSystems().isEmpty()) {
            return "file-systems = " + list(rule.fileSystems().stream().map(PolicySuggestion::quoted));
        }
        return (rule.trees().isEmpty() ? "paths = " : "trees = ")
                + list(Stream.concat(rule.paths().stream(), rule.trees().stream()).map(path -> quoted(path.toString())));
    }

    /** Whom a rule would have to let through, with a comment that says why; whom it cannot name becomes a comment at once. */
    private Map<Subject, String> observed(Rule rule) {
        Map<Subject, String> subjects = new LinkedHashMap<>();
        for (AccessReport.Line line : report.counted()) {
            if (!line.rule().equals(rule.name())) {
                continue;
            }
            String seen = "  # seen " + (line.wouldBeRefused() + line.refused()) + " times: "
                    + String.join(", ", new TreeSet<>(line.operations().keySet()));
            Optional<Path> program = program(line.executable());
            if (program.isEmpty()) {
                lines.add(INDENT + "# not allowed, for it is no file here: " + quoted(line.program()) + seen.replace("  #", ","));
            } else if (line.uids().size() > MOST_UIDS) {
                subjects.put(Subject.observed(program.get(), OptionalLong.empty()), seen + ", by " + line.uids().size() + " users");
            } else {
                new TreeSet<>(line.uids().keySet()).forEach(uid -> subjects.put(Subject.observed(program.get(), OptionalLong.of(uid)), seen));
            }
        }
        return subjects;
    }

    private static Optional<Path> program(String executable) {
        try {
            return executable.startsWith("/") ? Optional.of(Path.of(executable)).filter(Files::isRegularFile) : Optional.empty();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private void strangers() {
        List<String> known = policy.rules().stream().map(Rule::name).toList();
        long others = report.counted().stream().filter(line -> !known.contains(line.rule()))
                .mapToLong(line -> line.wouldBeRefused() + line.refused()).sum();
        if (others > 0) {
            lines.add("# " + others + " events were of rules that this policy does not have.");
        }
        if (report.lost() > 0) {
            lines.add("# " + report.lost() + " events were lost, or not told for their rate: something may be missing here.");
        }
    }

    private static String text(Subject subject) {
        return "{ " + String.join(", ", subject.keys(PolicySuggestion::quoted)) + " }";
    }

    private static String list(Stream<String> items) {
        return items.collect(Collectors.joining(", ", "[ ", " ]"));
    }

    private static String quoted(String text) {
        return ConfigUtil.quoteString(text);
    }
}
