// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.Mode;
import garrison.spi.Settings;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What the configuration says, checked as far as that goes without looking at files.
 *
 * @param rules in the order written
 * @param linkScan most files looked at, for each tree, in search of hard links
 */
record Policy(List<Rule> rules, int linkScan) {
    private static final String REMEDY_PATH = "write an absolute path, for example /srv/data";

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
        String name = settings.string("name");
        if (name.isBlank()) {
            throw settings.error("name", "is empty", "name the rule: events carry its name");
        }
        List<Path> paths = absolute(settings, "paths");
        List<Path> trees = absolute(settings, "trees");
        if (paths.isEmpty() && trees.isEmpty()) {
            throw settings.error("paths", "is missing or empty, and so is trees", "say what rule '" + name
                    + "' protects: paths = [ /a/file ] for objects, trees = [ /a/directory ] for all below");
        }
        List<Operation> operations = settings.choices("operations", Operation.class);
        if (operations.isEmpty()) {
            throw settings.error("operations", "is missing or empty", "list what rule '" + name + "' refuses: "
                    + String.join(", ", Operation.words(~0)));
        }
        List<Subject> allow = settings.objects("allow").stream().map(Policy::subject).toList();
        Mode mode = settings.choice("mode", Mode.class, Mode.ENFORCE);
        return new Rule(name, paths, trees, Set.copyOf(EnumSet.copyOf(operations)), allow, mode,
                (key, problem) -> settings.error(key, problem, "name an existing one, or take it out of rule '" + name + "'"));
    }

    private static Subject subject(Settings settings) {
        Optional<Path> executable = settings.has("executable")
                ? Optional.of(absolute(settings, "executable").getFirst()) : Optional.empty();
        // 2^32-1 is the one number that is no uid
        OptionalLong uid = settings.has("uid")
                ? OptionalLong.of(settings.integer("uid", 0, 0xfffffffeL, 0)) : OptionalLong.empty();
        if (executable.isEmpty() && uid.isEmpty()) {
            throw settings.error("executable", "is missing, and so is uid", "an empty entry would allow everyone");
        }
        return new Subject(executable, uid);
    }

    private static List<Path> absolute(Settings settings, String key) {
        List<Path> all = new ArrayList<>();
        for (String text : settings.strings(key)) {
            Path path;
            try {
                path = Path.of(text);
            } catch (InvalidPathException e) {
                throw settings.error(key, "holds '" + text + "', no path: " + e.getReason(), REMEDY_PATH);
            }
            if (!path.isAbsolute()) {
                throw settings.error(key, "holds '" + text + "', a relative path", REMEDY_PATH);
            }
            all.add(path.normalize());
        }
        return List.copyOf(all);
    }
}
