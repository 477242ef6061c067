// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.PolicyAnswer;
import garrison.spi.PolicyFinding;
import garrison.spi.PolicyTool;
import garrison.spi.Settings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What {@link GuardPolicy} and {@link AccessReport} say, for {@code garrison policy}. */
final class GuardTool implements PolicyTool {
    /** What a report says to machines. */
    private record Report(List<AccessReport.Line> counted, long lost) {}

    @Override
    public List<PolicyFinding> check(Settings settings) {
        return GuardPolicy.check(settings);
    }

    @Override
    public PolicyAnswer explain(Settings settings, Path object, List<String> as) {
        GuardPolicy policy = GuardPolicy.of(settings);
        Explanation explanation = as.isEmpty() ? policy.explain(object) : policy.explain(object, Actor.of(as));
        return new PolicyAnswer(explanation.lines(), explanation);
    }

    @Override
    public PolicyAnswer compare(Settings before, Settings after) {
        List<AccessDifference> differences = GuardPolicy.of(before).differences(GuardPolicy.of(after));
        List<String> lines = new ArrayList<>(differences.stream().map(AccessDifference::words).toList());
        if (lines.isEmpty()) {
            lines.add("nobody may do more or less");
        }
        return new PolicyAnswer(lines, differences);
    }

    @Override
    public PolicyAnswer report(Settings settings, Stream<Map<String, Object>> events) {
        AccessReport report = counted(events);
        return new PolicyAnswer(report.lines(), new Report(report.counted(), report.lost()));
    }

    @Override
    public PolicyAnswer suggest(Settings settings, Stream<Map<String, Object>> events) {
        GuardPolicy.mode(settings);
        List<String> lines = PolicySuggestion.lines(Policy.read(settings), counted(events));
        return new PolicyAnswer(lines, lines);
    }

    private static AccessReport counted(Stream<Map<String, Object>> events) {
        AccessReport report = new AccessReport();
        events.forEach(report::add);
        return report;
    }
}
