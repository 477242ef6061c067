// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.Mode;
import garrison.spi.Settings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the configuration says, checked as far as that goes without looking at files.
 *
 * @param rules in the order written
 * @param linkScan most files looked at, for each tree, in search of hard links
 */
record Policy(List<Rule> rules, int linkScan) {
    private static final List<String> PLACE_KEYS = List.of("path", "paths", "tree", "trees");
    private static final List<String> RULE_KEYS = Stream.concat(PLACE_KEYS.stream(),
            Stream.of("name", "operations", "allow", "mode")).toList();
    private static final String EXAMPLE = "/srv/data";

    /**
     * Reads the plugin's settings.
     *
     * @throws garrison.spi.ConfigurationException with place and remedy
     */
    static Policy read(Settings settings) {
        List<Rule> rules = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Settings each : settings.objects("rules")) {
            Rule rule = rule(each);
            if (!names.add(rule.name())) {
                throw each.error("name", "'" + rule.name() + "' is used by two rules", "give each rule a name of its own");
            }
            rules.add(rule);
        }
        int linkScan = (int) settings.integer("link-scan", 0, Integer.MAX_VALUE, 200_000);
        settings.end();
        return new Policy(List.copyOf(rules), linkScan);
    }

    private static Rule rule(Settings settings) {
        // A misspelt key is told as such, before what is missing for its sake.
        RULE_KEYS.forEach(settings::has);
        settings.end();
        String name = settings.string("name");
        if (name.isBlank()) {
            throw settings.error("name", "is empty", "name the rule: events carry its name");
        }
        String key = placeKey(settings, name);
        List<Path> places = settings.paths(key, EXAMPLE);
        if (places.isEmpty()) {
            throw settings.error(key, "is empty", "name at least one place for rule '" + name + "'");
        }
        boolean tree = key.startsWith("tree");
        List<Operation> operations = settings.choices("operations", Operation.class);
        if (operations.isEmpty()) {
            throw settings.error("operations", "is missing or empty", "list what rule '" + name + "' refuses: "
                    + String.join(", ", Operation.words(~0)));
        }
        List<Subject> allow = settings.objects("allow").stream().map(Policy::subject).toList();
        Mode mode = settings.choice("mode", Mode.class, Mode.ENFORCE);
        return new Rule(name, tree ? List.of() : places, tree ? places : List.of(), Set.copyOf(EnumSet.copyOf(operations)),
                allow, mode, problem -> settings.error(key, problem, "name an existing one, or take it out of rule '" + name + "'"));
    }

    private static String placeKey(Settings settings, String name) {
        List<String> used = PLACE_KEYS.stream().filter(settings::has).toList();
        if (used.isEmpty()) {
            throw settings.error("path", "is missing", "say what rule '" + name + "' protects: path = /a/file for an object, "
                    + "tree = /a/directory for it and all below");
        }
        if (used.size() > 1) {
            throw settings.error(used.get(1), "stands beside " + used.getFirst(), "a rule has one of "
                    + String.join(", ", PLACE_KEYS) + ": write two rules");
        }
        return used.getFirst();
    }

    private static Subject subject(Settings settings) {
        Optional<Path> executable = settings.has("executable")
                ? Optional.of(settings.path("executable", EXAMPLE)) : Optional.empty();
        // 2^32-1 is the one number that is no uid
        OptionalLong uid = settings.has("uid")
                ? OptionalLong.of(settings.integer("uid", 0, 0xfffffffeL, 0)) : OptionalLong.empty();
        if (executable.isEmpty() && uid.isEmpty()) {
            throw settings.error("executable", "is missing, and so is uid", "an empty entry would allow everyone");
        }
        return new Subject(executable, uid,
                problem -> settings.error("executable", problem, "name the program's file, not a command"));
    }
}
