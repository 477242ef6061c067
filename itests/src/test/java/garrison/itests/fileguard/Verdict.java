// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.itests.Report;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Result;
import java.util.List;

/** What the result of a trial must be. Each throws an AssertionError that names the trial. */
final class Verdict {
    private Verdict() {}

    /** It went through, seen on the disk, and nothing was told. */
    static void undisturbed(Result result, List<Report> reports) {
        succeeded(result);
        assertEquals(List.of(), reports, () -> result.trial() + " is nobody's business");
    }

    /** It went through, and was told as let through. */
    static void audited(Result result, List<Report> reports) {
        succeeded(result);
        reported(result, reports, false);
    }

    /** It was refused, without an effect, and told as refused, once. */
    static void denied(Result result, List<Report> reports) {
        assertFalse(result.seenBefore(), () -> result.trial() + ": the effect was there before the attack");
        assertTrue(result.outcome().denied(), () -> result.trial() + " was not refused: " + result.outcome());
        assertFalse(result.seen(), () -> result.trial() + " had its effect all the same");
        assertEquals(1, reports.size(), () -> result.trial() + " is told once: " + reports);
        reported(result, reports, true);
    }

    private static void succeeded(Result result) {
        assertFalse(result.seenBefore(), () -> result.trial() + ": the effect was there before the attack");
        assertEquals(0, result.outcome().exit(), () -> result.trial() + ": " + result.outcome());
        assertTrue(result.seen(), () -> result.trial() + " had no effect: " + result.outcome());
    }

    private static void reported(Result result, List<Report> reports, boolean denied) {
        Attack attack = result.trial().attack();
        String path = attack.toldOf().apply(result.scene()).toString();
        assertFalse(reports.isEmpty(), () -> result.trial() + " was not told");
        for (Report report : reports) {
            boolean nameless = attack.traits().contains(Attack.Trait.NAMELESS) && report.path().startsWith("(no name known");
            boolean anyRule = nameless || attack.traits().contains(Attack.Trait.EVERYTHING);
            assertAll(result.trial() + ": " + report,
                    () -> assertTrue(anyRule || result.trial().name().equals(report.rule()), "the rule"),
                    () -> assertEquals(attack.told().word(), report.operation()),
                    () -> assertTrue(nameless || path.equals(report.path()) || path.equals(report.otherPath()),
                            () -> path + " is neither " + report.path() + " nor " + report.otherPath()),
                    () -> assertEquals(result.outcome().pid(), report.pid()),
                    () -> assertEquals(denied, report.denied()));
        }
    }
}
