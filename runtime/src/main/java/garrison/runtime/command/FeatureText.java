// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.framework.kernel.Namespace;
import garrison.runtime.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** The kernel's features as text for people: how many of each kind, what is missing, and on demand every name. */
final class FeatureText {
    private static final String INDENT = "  ";

    /** The kinds in the order to print them. */
    private enum Kind {
        HOOK(Namespace.HOOK, "LSM hooks"),
        KFUNC(Namespace.KFUNC, "kfuncs"),
        PROGRAM(Namespace.PROGRAM, "program types"),
        MAP(Namespace.MAP, "map types"),
        LIBBPF(Namespace.LIBBPF, "functions that only newer libbpf have");

        private final Namespace namespace;
        private final String words;

        Kind(Namespace namespace, String words) {
            this.namespace = namespace;
            this.words = words;
        }
    }

    private FeatureText() {}

    /**
     * The lines.
     *
     * @param features as {@code garrison kernel --json} prints them
     * @param all whether to print every name
     */
    static List<String> of(List<JsonObject> features, boolean all) {
        List<String> lines = new ArrayList<>();
        features.stream().filter(f -> f.text("namespace").equals(Namespace.SETTING.text()))
                .forEach(f -> lines.add(f.text("name") + ": " + (f.text("value").isEmpty() ? f.text("reason") : f.text("value"))));
        for (Kind kind : Kind.values()) {
            List<JsonObject> some = features.stream().filter(f -> f.text("namespace").equals(kind.namespace.text())).toList();
            lines.add("");
            lines.add(headline(kind, some));
            if (all) {
                paragraph(lines, "", some.stream().filter(f -> f.text("answer").equals("yes")).map(FeatureText::name).toList());
            }
            paragraph(lines, "missing: ", some.stream().filter(f -> f.text("answer").equals("no")).map(FeatureText::missing).toList());
            paragraph(lines, "inconclusive: ",
                    some.stream().filter(f -> f.text("answer").equals("inconclusive")).map(f -> f.text("name")).toList());
        }
        return lines;
    }

    private static String headline(Kind kind, List<JsonObject> some) {
        long count = some.stream().filter(f -> f.text("answer").equals("yes")).count();
        if (kind != Kind.HOOK) {
            return count + " " + kind.words;
        }
        long sleeping = some.stream().filter(f -> f.text("sleepable").equals("yes")).count();
        boolean unknown = some.stream().anyMatch(f -> f.text("sleepable").equals("inconclusive"));
        return count + " " + kind.words + (unknown ? ", which of them may sleep could not be tried" : ", " + sleeping + " may sleep");
    }

    private static String name(JsonObject feature) {
        return feature.text("name") + (feature.text("sleepable").equals("yes") ? " (sleeps)" : "");
    }

    private static String missing(JsonObject feature) {
        String remedy = feature.text("remedy");
        int end = remedy.indexOf(" or later");
        return feature.text("name") + (end < 0 ? "" : " (" + remedy.substring(0, end) + ")");
    }

    private static void paragraph(List<String> lines, String head, List<String> names) {
        if (!names.isEmpty()) {
            lines.addAll(TextTable.wrap(head + String.join(", ", names), StatusText.WIDTH, INDENT));
        }
    }
}
