// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.Mode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who may do what to one object, and by which rule.
 *
 * @param object its real path
 * @param kind {@code file}, {@code directory}, or {@code new name} for what does not exist yet
 * @param mode the plugin's: in AUDIT nothing is refused
 * @param as who asks, if it was asked for someone
 * @param acts one for each thing that can be done
 */
public record Explanation(Path object, String kind, Mode mode, Optional<String> as, List<Row> acts) {
    /**
     * One act.
     *
     * @param act an operation's word, or {@code leave the tree}: a rename or hard link that leads out of it
     * @param standing what becomes of it; without {@code as} for someone whom no rule names
     * @param rules those that cover it, in the order in which the kernel asks them
     */
    public record Row(String act, Standing standing, List<Said> rules) {}

    /**
     * What one rule says of an act.
     *
     * @param rule its name
     * @param written file and line
     * @param effect what it does about it, in a plugin that enforces
     * @param place the object or tree of the rule that the act meets
     * @param allow whom it lets through
     * @param lets whether that is so of who asks
     */
    public record Said(String rule, String written, Effect effect, Path place, List<String> allow, boolean lets) {
        private String words(boolean asked) {
            String who = allow.isEmpty() ? "everyone" : "all but " + String.join(", ", allow);
            String does = switch (effect) {
                case AUDIT -> "reports";
                case DENY -> "refuses";
                case KILL -> "kills";
            };
            String word = asked ? lets ? "lets through" : does : does + " " + who;
            return "    rule " + rule + " (" + written + ") at " + place + ": " + word;
        }
    }

    /** What becomes of an act, by its word. */
    public Standing standing(String act) {
        return acts.stream().filter(row -> row.act.equals(act)).findFirst().map(Row::standing).orElse(Standing.FREE);
    }

    /** For people: acts that fare alike together. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(object + " (" + kind + ")" + as.map(who -> " for " + who).orElse("")
                + (mode == Mode.AUDIT ? ", the plugin's mode being AUDIT: nothing is refused" : ""));
        Map<Row, List<String>> alike = new LinkedHashMap<>();
        for (Row row : acts) {
            alike.computeIfAbsent(new Row("", row.standing, row.rules), r -> new ArrayList<>()).add(row.act);
        }
        alike.forEach((row, words) -> {
            lines.add("  " + String.join(", ", words) + ": " + sentence(row));
            row.rules.forEach(said -> lines.add(said.words(as.isPresent())));
        });
        return lines;
    }

    private String sentence(Row row) {
        String others = as.isEmpty() && row.rules.stream().anyMatch(said -> !said.allow.isEmpty()) ? " to others than these rules allow" : "";
        return switch (row.standing) {
            case FREE -> "free, no rule covers it";
            case ALLOWED -> "allowed";
            case REPORTED -> "let through and reported" + others;
            case REFUSED -> "refused" + others;
            case KILLED -> "refused, and the process killed," + others;
        };
    }
}
