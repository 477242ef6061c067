// SPDX-License-Identifier: Apache-2.0
package garrison.framework.osgi;

import garrison.framework.kernel.KernelNeed;
import garrison.framework.kernel.Namespace;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.osgi.framework.Constants;

/** How a {@link KernelNeed} is written as a clause of {@code Require-Capability}, and recognised there. */
final class KernelRequirement {
    /** Marks a clause as derived, and tells from what. */
    static final String OBJECT = "object";
    static final String USERS = "users";

    private KernelRequirement() {}

    /** The clause; empty for a need that is no capability, because only the kernel itself can answer for all of its kind. */
    static Optional<Clause> clause(KernelNeed need) {
        if (need.namespace() == Namespace.FUNCTION) {
            return Optional.empty();
        }
        String named = "(" + need.namespace().text() + "=" + need.name() + ")";
        Map<String, String> attributes = new LinkedHashMap<>();
        attributes.put(OBJECT, String.join(",", need.objects()));
        attributes.put(USERS, String.join(",", need.users()));
        Map<String, String> directives = new LinkedHashMap<>();
        // What could not be found out passes here; the load tells.
        directives.put(Constants.FILTER_DIRECTIVE, need.sleepable() ? "(&" + named + "(!(sleepable=no)))" : named);
        if (need.optional()) {
            directives.put(Constants.RESOLUTION_DIRECTIVE, Constants.RESOLUTION_OPTIONAL);
        }
        return Optional.of(new Clause(need.namespace().text(), attributes, directives));
    }

    /** The need that a clause tells, derived or typed; empty if it is about something else, or does not name one thing. */
    static Optional<KernelNeed> need(Clause clause) {
        Optional<Namespace> namespace = Namespace.of(clause.path());
        if (namespace.isEmpty()) {
            return Optional.empty();
        }
        String filter = filter(clause);
        Matcher name = Pattern.compile("\\(" + Pattern.quote(clause.path()) + "=([^()*]+)\\)").matcher(filter);
        return name.find() ? Optional.of(new KernelNeed(namespace.get(), name.group(1), filter.contains("(sleepable="),
                optional(clause), words(clause, OBJECT), words(clause, USERS))) : Optional.empty();
    }

    /** Whether it comes from an object. */
    static boolean derived(Clause clause) {
        return clause.attributes().containsKey(OBJECT);
    }

    static boolean optional(Clause clause) {
        return Constants.RESOLUTION_OPTIONAL.equals(clause.directives().get(Constants.RESOLUTION_DIRECTIVE));
    }

    static String filter(Clause clause) {
        return clause.directives().getOrDefault(Constants.FILTER_DIRECTIVE, "");
    }

    /** Whether both ask for the same in the same way. */
    static boolean agree(Clause one, Clause other) {
        return one.path().equals(other.path()) && filter(one).equals(filter(other)) && optional(one) == optional(other);
    }

    private static Set<String> words(Clause clause, String attribute) {
        String value = clause.attributes().getOrDefault(attribute, "");
        return value.isEmpty() ? Set.of() : Set.of(value.split(","));
    }
}
