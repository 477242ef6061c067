// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What rules refused, and what they let through only because they, or the plugin, were in AUDIT: counted by rule and executable.
 * Fed with events, one after the other; for one thread.
 */
public final class AccessReport {
    private static final int EXAMPLES = 3;

    /**
     * What one executable did that one rule has a say in.
     *
     * @param rule its name
     * @param executable its path; empty if unknown
     * @param comm of what is unknown the thread's name, which it chooses itself; else empty
     * @param wouldBeRefused acts let through that ENFORCE would have refused
     * @param refused acts refused
     * @param uids who ran it, with the number of acts
     * @param operations what was tried, with the number of acts
     * @param examples some of the objects
     * @param last when it was last seen
     */
    public record Line(String rule, String executable, String comm, long wouldBeRefused, long refused, Map<Long, Long> uids,
            Map<String, Long> operations, List<String> examples, Instant last) {
        String program() {
            return executable.isEmpty() ? comm.isEmpty() ? "the kernel" : "(ended; thread " + comm + ")" : executable;
        }
    }

    private record Key(String rule, String executable, String comm) {}

    private static final class Count {
        private long wouldBeRefused;
        private long refused;
        private final Map<Long, Long> uids = new TreeMap<>();
        private final Map<String, Long> operations = new TreeMap<>();
        private final LinkedHashSet<String> examples = new LinkedHashSet<>();
        private Instant last = Instant.EPOCH;
    }

    private final Map<Key, Count> counts = new LinkedHashMap<>();
    private long lost;

    /** Counts one event. */
    public void add(FileAccessEvent event) {
        add(key(event.rule(), event.executable(), event.executableFrom(), event.comm()), event.operation(), event.path(), event.uid(),
                event.denied(), event.time());
    }

    /** Counts one line of an event log, if it is of file-guard's or tells a loss; others say nothing here. */
    void add(Map<String, Object> line) {
        switch (text(line, "type")) {
            case FileAccessEvent.TYPE -> add(key(text(line, "rule"), text(line, "executable"), text(line, "executable_from"),
                    text(line, "comm")), text(line, "operation"), text(line, "path"), number(line, "uid"), number(line, "verdict") != 0,
                    Instant.parse(text(line, "time")));
            // Its own, and those that the log itself missed.
            case "events_lost" -> lost += List.of(FileGuard.NAME, "garrison").contains(text(line, "plugin")) ? number(line, "count") : 0;
            case FileAccessesUntold.TYPE -> lost += number(line, "count");
            default -> { }
        }
    }

    /** The thread's name counts only of a program that is unknown. */
    private static Key key(String rule, String executable, String from, String comm) {
        return new Key(rule, executable, executable.isEmpty() && !from.equals("kernel") ? comm : "");
    }

    private void add(Key key, String operation, String path, long uid, boolean refused, Instant time) {
        Count count = counts.computeIfAbsent(key, _ -> new Count());
        if (refused) {
            count.refused++;
        } else {
            count.wouldBeRefused++;
        }
        count.uids.merge(uid, 1L, Long::sum);
        count.operations.merge(operation, 1L, Long::sum);
        if (count.examples.size() < EXAMPLES) {
            count.examples.add(path);
        }
        if (time.isAfter(count.last)) {
            count.last = time;
        }
    }

    /** Events that were lost before anyone could count them, or not told for their rule's rate: what was counted is the least there was. */
    public long lost() {
        return lost;
    }

    /** All that was counted: by rule in the order of the first event, the most frequent executable first. */
    public List<Line> counted() {
        List<String> rules = counts.keySet().stream().map(Key::rule).distinct().toList();
        List<Line> lines = new ArrayList<>();
        counts.forEach((key, count) -> lines.add(new Line(key.rule, key.executable, key.comm, count.wouldBeRefused, count.refused,
                Map.copyOf(count.uids), Map.copyOf(count.operations), List.copyOf(count.examples), count.last)));
        lines.sort(Comparator.comparingInt((Line line) -> rules.indexOf(line.rule))
                .thenComparing(line -> line.wouldBeRefused + line.refused, Comparator.reverseOrder())
                .thenComparing(Line::executable).thenComparing(Line::comm));
        return lines;
    }

    /** For people. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        String rule = null;
        for (Line line : counted()) {
            if (!line.rule.equals(rule)) {
                rule = line.rule;
                lines.add("rule " + rule);
            }
            lines.add("  " + line.program() + " as uid " + new TreeSet<>(line.uids.keySet()).toString().replaceAll("[\\[\\]]", "")
                    + ": " + words(line) + "; " + String.join(", ", new TreeSet<>(line.operations.keySet())));
            line.examples.forEach(path -> lines.add("      " + path));
        }
        if (lines.isEmpty()) {
            lines.add("nothing was refused, and nothing would have been");
        }
        if (lost > 0) {
            lines.add(lost + " events were lost, or not told for their rate: these are the least there were");
        }
        return lines;
    }

    private static String words(Line line) {
        List<String> words = new ArrayList<>();
        if (line.wouldBeRefused > 0) {
            words.add(line.wouldBeRefused + " would be refused");
        }
        if (line.refused > 0) {
            words.add(line.refused + " refused");
        }
        return String.join(", ", words);
    }

    private static String text(Map<String, Object> line, String key) {
        Object value = line.get(key);
        return value == null ? "" : value.toString();
    }

    private static long number(Map<String, Object> line, String key) {
        return line.get(key) instanceof Number number ? number.longValue() : 0;
    }
}
