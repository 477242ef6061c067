// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** What a plugin's programs cost, and what is done about it. */
final class BudgetText {
    private BudgetText() {}

    /** One line; empty while nothing was measured. */
    static String inShort(JsonObject budget, JsonObject events) {
        List<String> words = new ArrayList<>();
        Optional<JsonObject> dearest = budget.objects("programs").stream().max(Comparator.comparingLong(p -> p.number("ns_per_run")));
        long limit = budget.number("ns_per_event");
        dearest.ifPresent(p -> words.add((Boolean.TRUE.equals(budget.fields().get("over")) ? "OVER BUDGET: " : "")
                + "dearest program " + p.text("program") + ", " + p.number("ns_per_run") + " ns a run"
                + (limit > 0 ? " of " + limit : "")));
        if (budget.number("sampling") > 1) {
            words.add("one event of " + budget.number("sampling") + " is told");
        }
        if (events.number("sampled_out") > 0) {
            words.add(events.number("sampled_out") + " events sampled out");
        }
        return String.join("; ", words);
    }

    /** One program's figure in the last window in which it ran; empty if there was none. */
    static String cost(JsonObject budget, String program, String figure) {
        return budget.objects("programs").stream().filter(p -> p.text("program").equals(program))
                .map(p -> Long.toString(p.number(figure))).findFirst().orElse("");
    }
}
