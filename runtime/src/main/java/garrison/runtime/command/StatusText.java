// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The operation {@code status} as text for people, at most {@link #WIDTH} characters wide. */
final class StatusText {
    static final int WIDTH = 100;

    private static final DateTimeFormatter LOCAL = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT)
            .withZone(ZoneId.systemDefault());

    private StatusText() {}

    /**
     * The whole status.
     *
     * @param now for how long something has been so
     */
    static List<String> status(JsonObject status, Instant now) {
        List<String> lines = new ArrayList<>();
        lines.addAll(wrapped("garrison " + status.text("version") + ", process " + status.number("pid") + ", " + phase(status) + " for "
                + since(status.text("since"), now) + ", configuration " + status.text("config")));
        lines.addAll(wrapped(kernelLine(status.object("kernel"))));
        if (status.fields().containsKey("trust")) {
            lines.addAll(wrapped(trust(status.object("trust"))));
        }
        for (JsonObject mechanism : status.objects("mechanisms")) {
            if (!mechanism.text("runs").equals("yes")) {
                lines.addAll(wrapped("whether " + mechanism.text("mechanism") + " programs run: "
                        + mechanism.text("runs") + " for " + since(mechanism.text("since"), now) + " ("
                        + mechanism.text("reason") + ")"));
            }
        }
        lines.add("");
        lines.addAll(plugins(status.objects("plugins"), now));
        for (String name : status.texts("absent")) {
            lines.addAll(wrapped(name + " is configured, but no bundle brings a plugin of this name"));
        }
        lines.add("");
        lines.addAll(bundles(status.objects("bundles")));
        long lost = status.objects("listeners").stream().mapToLong(l -> l.number("lost")).sum();
        if (lost > 0) {
            lines.add("");
            lines.addAll(wrapped(lost + " events were lost because a listener was too slow"));
        }
        return lines;
    }

    private static String trust(JsonObject trust) {
        List<String> anchors = trust.texts("anchors");
        String revoked = trust.number("revoked") > 0 ? "; " + trust.number("revoked") + " revoked" : "";
        if (anchors.isEmpty()) {
            return "BPF objects need no signature, and none is looked at" + revoked;
        }
        return "BPF objects " + (Boolean.TRUE.equals(trust.fields().get("required")) ? "must be signed" : "may be signed") + " by "
                + String.join(" or by ", anchors) + revoked + own(trust.object("own"));
    }

    /** Only what was signed is of interest: the framework's own objects need no signature. */
    private static String own(JsonObject own) {
        String signed = own.fields().keySet().stream().map(Object::toString).filter(name -> !own.text(name).equals("unsigned"))
                .map(name -> name + " " + own.text(name)).collect(Collectors.joining("; "));
        return signed.isEmpty() ? "" : "; Garrison's own: " + signed;
    }

    private static String phase(JsonObject status) {
        return status.text("phase").isEmpty() ? "running" : status.text("phase").toLowerCase(Locale.ROOT);
    }

    private static List<String> plugins(List<JsonObject> plugins, Instant now) {
        if (plugins.isEmpty()) {
            return List.of("no plugin");
        }
        TextTable table = new TextTable(WIDTH, "PLUGIN", "STATE", "FOR", "MODE", ">HOOKS", ">EVENTS", ">DROPPED");
        for (JsonObject plugin : plugins) {
            JsonObject events = plugin.object("events");
            table.row(plugin.text("name"), plugin.text("state"), since(plugin.text("since"), now), plugin.text("mode"),
                    plugin.objects("attached").stream().map(a -> a.text("hook")).distinct().count(),
                    events.number("received"), events.number("dropped"));
            table.note(shortfall(plugin));
            table.note(figures(plugin.object("figures").fields()));
            table.note(denials(plugin));
            table.note(plugin.text("unseen"));
            table.note(troubles(events));
            table.note(BudgetText.inShort(plugin.object("budget"), events));
            table.note(plugin.text("reason"));
        }
        return table.lines();
    }

    /** What is not as requested. */
    private static String shortfall(JsonObject plugin) {
        String why = plugin.text("shortfall");
        return why.isEmpty() ? "" : "REQUESTED " + plugin.text("mode") + ", ACTUAL " + plugin.text("actual") + ": " + why;
    }

    private static String denials(JsonObject plugin) {
        String words = plugin.object("denials").fields().entrySet().stream().map(d -> d.getKey() + " " + d.getValue())
                .collect(Collectors.joining(", "));
        return words.isEmpty() ? "" : "refused: " + words;
    }

    private static String troubles(JsonObject events) {
        List<String> words = new ArrayList<>();
        if (events.number("unbound") > 0) {
            words.add(events.number("unbound") + " records of an unknown type");
        }
        if (events.number("failed") > 0) {
            words.add(events.number("failed") + " records on which the plugin's handler failed");
        }
        return String.join("; ", words);
    }

    private static String figures(Map<?, ?> figures) {
        return figures.entrySet().stream().map(f -> f.getKey() + ": " + f.getValue()).collect(Collectors.joining("; "));
    }

    private static List<String> bundles(List<JsonObject> bundles) {
        if (bundles.isEmpty()) {
            return List.of("no bundle");
        }
        TextTable table = new TextTable(WIDTH, "BUNDLE", "STATE", "VERSION");
        for (JsonObject bundle : bundles) {
            table.row(bundle.text("name"), bundle.text("state"), bundle.text("version"));
            table.note(bundle.text("reason"));
        }
        return table.lines();
    }

    /** Plugin by plugin, with the programs that are attached. */
    static List<String> pluginsInFull(List<JsonObject> plugins, Instant now) {
        if (plugins.isEmpty()) {
            return List.of("no plugin");
        }
        List<String> lines = new ArrayList<>();
        for (JsonObject plugin : plugins) {
            lines.addAll(wrapped(plugin.text("name") + ": " + plugin.text("state") + " in mode " + plugin.text("mode") + " for "
                    + since(plugin.text("since"), now)
                    + (plugin.text("object").isEmpty() ? "" : ", object " + plugin.text("object"))
                    + (plugin.text("checked_by").isEmpty() ? "" : " (" + plugin.text("checked_by") + ")")));
            if (!plugin.text("reason").isBlank()) {
                lines.addAll(TextTable.wrap(plugin.text("reason"), WIDTH, "  "));
            }
            if (!shortfall(plugin).isEmpty()) {
                lines.addAll(TextTable.wrap(shortfall(plugin), WIDTH, "  "));
            }
            plugin.object("figures").fields().forEach((name, value) ->
                    lines.addAll(TextTable.wrap(name + ": " + value, WIDTH, "  ")));
            for (String more : List.of(denials(plugin), plugin.text("unseen"))) {
                if (!more.isEmpty()) {
                    lines.addAll(TextTable.wrap(more, WIDTH, "  "));
                }
            }
            String budget = BudgetText.inShort(plugin.object("budget"), plugin.object("events"));
            if (!budget.isEmpty()) {
                lines.addAll(TextTable.wrap(budget, WIDTH, "  "));
            }
            TextTable programs = new TextTable(WIDTH - 2, "HOOK", "ATTACHED AS", "PROGRAM", ">RUNS", ">NS/RUN");
            plugin.objects("attached").forEach(a -> programs.row(a.text("hook"),
                    a.text("strategy").isEmpty() ? a.text("kind") : a.text("strategy"), a.text("program"),
                    BudgetText.cost(plugin.object("budget"), a.text("program"), "runs"),
                    BudgetText.cost(plugin.object("budget"), a.text("program"), "ns_per_run")));
            programs.lines().forEach(line -> lines.add("  " + line));
        }
        return lines;
    }

    /** The kernel's facts, one a line. */
    static List<String> kernel(JsonObject kernel) {
        JsonObject answer = kernel.object("bpf_lsm");
        List<String> lines = new ArrayList<>();
        lines.add("kernel   " + TextTable.printable(kernel.text("release")));
        lines.add("libbpf   " + TextTable.printable(kernel.text("libbpf")));
        lines.add("LSMs     " + (kernel.texts("active_lsms").isEmpty() ? "unknown (is securityfs mounted?)"
                : String.join(", ", kernel.texts("active_lsms"))));
        lines.add("BPF LSM  " + answer.text("answer"));
        lines.addAll(TextTable.wrap(why(answer), WIDTH, "         "));
        return lines;
    }

    private static String kernelLine(JsonObject kernel) {
        JsonObject answer = kernel.object("bpf_lsm");
        String why = why(answer);
        return "kernel " + kernel.text("release") + ", libbpf " + kernel.text("libbpf") + ", BPF LSM: "
                + (answer.text("answer").equals("yes") ? "yes" : answer.text("answer") + (why.isEmpty() ? "" : " (" + why + ")"));
    }

    private static String why(JsonObject answer) {
        return answer.text("reason") + (answer.text("remedy").isEmpty() ? "" : "; " + answer.text("remedy"));
    }

    private static List<String> wrapped(String text) {
        return TextTable.wrap(text, WIDTH, "");
    }

    private static String since(String time, Instant now) {
        try {
            Duration past = Duration.between(Instant.parse(time), now);
            if (past.isNegative()) {
                // The clock was set back; the moment itself is still true.
                return "(since " + LOCAL.format(Instant.parse(time)) + ")";
            }
            return past.toDays() > 0 ? past.toDays() + " d " + past.toHoursPart() + " h"
                    : past.toHours() > 0 ? past.toHours() + " h " + past.toMinutesPart() + " min"
                    : past.toMinutes() > 0 ? past.toMinutes() + " min " + past.toSecondsPart() + " s" : past.toSeconds() + " s";
        } catch (DateTimeParseException e) {
            return "?";
        }
    }
}
