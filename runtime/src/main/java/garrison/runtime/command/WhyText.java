// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.framework.kernel.FeatureScan;
import garrison.framework.kernel.KernelNeed;
import garrison.framework.osgi.KernelFit;
import garrison.framework.osgi.KernelFit.Finding;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How a bundle fits this kernel, for people and for machines. */
final class WhyText {
    private static final String INDENT = "  ";

    private WhyText() {}

    /**
     * For people.
     *
     * @param release the running kernel's
     * @param told what a running instance says, one sentence each; may be empty
     */
    static List<String> of(KernelFit fit, Path jar, String release, List<String> told) {
        List<String> lines = new ArrayList<>();
        told.forEach(sentence -> lines.addAll(TextTable.wrap(sentence, StatusText.WIDTH, "")));
        String bundle = fit.name() + " (" + jar + ")";
        if (fit.unmet().isEmpty()) {
            lines.addAll(TextTable.wrap(bundle + " has all it needs on kernel " + release + summary(fit), StatusText.WIDTH, ""));
        } else {
            lines.addAll(TextTable.wrap(bundle + " cannot run on kernel " + release + ", which lacks:", StatusText.WIDTH, ""));
            list(lines, fit.unmet());
            lines.add(fit.since().map(v -> "It would from kernel " + v + " on.")
                    .orElse("From which kernel on it would is not known here."));
        }
        if (!fit.without().isEmpty()) {
            lines.add("It does without:");
            list(lines, fit.without());
        }
        if (!fit.open().isEmpty()) {
            lines.add("Only the load will tell:");
            list(lines, fit.open());
        }
        return lines;
    }

    private static String summary(KernelFit fit) {
        Map<String, Long> counts = fit.met().stream().collect(Collectors.groupingBy(f -> f.need().namespace().words(),
                LinkedHashMap::new, Collectors.counting()));
        return counts.isEmpty() ? "" : ": " + counts.entrySet().stream().map(e -> e.getKey() + (e.getValue() == 1 ? "" : "s") + " "
                + e.getValue()).collect(Collectors.joining(", "));
    }

    private static void list(List<String> lines, List<Finding> findings) {
        findings.forEach(finding -> lines.addAll(TextTable.wrap(finding.words(), StatusText.WIDTH, INDENT)));
    }

    /** For machines. */
    static Map<String, Object> facts(KernelFit fit, Path jar, String release) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("bundle", fit.name());
        facts.put("jar", jar.toString());
        facts.put("kernel", release);
        facts.put("runs", fit.unmet().isEmpty());
        facts.put("since", fit.unmet().isEmpty() ? null : fit.since().map(Object::toString).orElse(null));
        facts.put("requirements", Stream.of(fit.unmet(), fit.without(), fit.open(), fit.met()).flatMap(List::stream)
                .map(WhyText::fact).toList());
        return facts;
    }

    private static Map<String, Object> fact(Finding finding) {
        KernelNeed need = finding.need();
        Map<String, Object> fact = new LinkedHashMap<>();
        fact.put("namespace", need.namespace().text());
        fact.put("name", need.name());
        fact.put("sleepable", need.sleepable());
        fact.put("optional", need.optional());
        fact.put("answer", FeatureScan.word(finding.answer()));
        fact.put("since", FeatureScan.since(need.namespace(), need.name()).map(Object::toString).orElse(null));
        fact.put("objects", List.copyOf(need.objects()));
        fact.put("users", List.copyOf(need.users()));
        return fact;
    }
}
