// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.ConfigurationException;
import garrison.spi.Mode;
import garrison.spi.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * What the configuration says, checked as far as that goes without looking at files.
 *
 * @param rules in the order written
 * @param linkScan most files looked at, for each tree, in search of hard links
 * @param oldDescriptors whether each read and write is asked about, and not only each open
 * @param blockDevices which of reading and writing is covered on the block devices that protected objects lie on
 */
record Policy(List<Rule> rules, int linkScan, boolean oldDescriptors, Set<Operation> blockDevices) {
    private static final String VERITY = "fs-verity";
    private static final List<String> PLACE_KEYS = List.of("path", "paths", "tree", "trees", "glob", "globs", "file-system", "file-systems");
    private static final List<String> RULE_KEYS = Stream.concat(PLACE_KEYS.stream(),
            Stream.of("name", "owner", "operations", "allow", "mode", "effect", "events-per-second")).toList();
    private static final List<String> SUBJECT_KEYS = List.of("executable", "uid", "gid", "cgroup", "ancestor", VERITY, "until");
    /** Nanoseconds since 1970 are 63 bits in many places. */
    private static final Instant LATEST = Instant.parse("2200-01-01T00:00:00Z");
    private static final String EXAMPLE = "/srv/data";

    /**
     * Reads the plugin's settings.
     *
     * @throws garrison.spi.ConfigurationException with place and remedy
     */
    static Policy read(Settings settings) {
        return read(settings, e -> {
            throw e;
        });
    }

    /**
     * Reads the plugin's settings on after errors, one a rule.
     *
     * @param problems takes each error; what it does not throw is left out of the policy
     */
    static Policy read(Settings settings, Consumer<ConfigurationException> problems) {
        List<Rule> rules = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Settings each : attempt(() -> settings.objects("rules"), problems).orElse(List.of())) {
            attempt(() -> rule(each), problems).ifPresent(rule -> {
                rules.add(rule);
                if (!names.add(rule.name())) {
                    problems.accept(each.error("name", "'" + rule.name() + "' is used by two rules", "give each rule a name of its own"));
                }
            });
        }
        int linkScan = attempt(() -> (int) settings.integer("link-scan", 0, Integer.MAX_VALUE, 200_000), problems).orElse(0);
        boolean oldDescriptors = attempt(() -> settings.bool("old-descriptors", false), problems).orElse(false);
        Set<Operation> blockDevices = attempt(() -> blockDevices(settings), problems).orElse(Set.of());
        attempt(() -> {
            settings.end();
            return true;
        }, problems);
        return new Policy(List.copyOf(rules), linkScan, oldDescriptors, blockDevices);
    }

    private static Set<Operation> blockDevices(Settings settings) {
        Set<Operation> covered = settings.has("block-devices")
                ? Set.copyOf(settings.choices("block-devices", Operation.class)) : Set.of(Operation.WRITE);
        if (!Set.of(Operation.READ, Operation.WRITE).containsAll(covered)) {
            throw settings.error("block-devices", "holds another operation than read and write",
                    "list which of the two rules are to cover on the devices below; [] for none");
        }
        return covered;
    }

    private static <T> Optional<T> attempt(Supplier<T> reading, Consumer<ConfigurationException> problems) {
        try {
            return Optional.of(reading.get());
        } catch (ConfigurationException e) {
            problems.accept(e);
            return Optional.empty();
        }
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
        List<String> globs = key.startsWith("glob") ? settings.strings(key) : List.of();
        List<String> fileSystems = key.startsWith("file-system") ? settings.strings(key) : List.of();
        List<Path> places = key.startsWith("glob") ? globs.stream().flatMap(pattern -> matched(settings, key, pattern).stream()).distinct().toList()
                : key.startsWith("file-system") ? fileSystems.stream().flatMap(type -> mounted(settings, key, type).stream()).distinct().toList()
                : settings.paths(key, EXAMPLE);
        if (places.isEmpty() && fileSystems.isEmpty()) {
            throw settings.error(key, "is empty", "name at least one place for rule '" + name + "'");
        }
        boolean tree = key.startsWith("tree") || key.startsWith("file-system");
        OptionalLong owner = id(settings, "owner");
        OptionalInt rate = settings.has("events-per-second")
                ? OptionalInt.of((int) settings.integer("events-per-second", 1, 1_000_000, 0)) : OptionalInt.empty();
        List<Operation> operations = settings.choices("operations", Operation.class);
        if (operations.isEmpty()) {
            throw settings.error("operations", "is missing or empty", "list what rule '" + name + "' refuses: "
                    + String.join(", ", Operation.words(~0)));
        }
        List<Settings> entries = settings.objects("allow");
        // A misspelt key first: else the one that it was meant for would be told as missing.
        entries.forEach(entry -> {
            SUBJECT_KEYS.forEach(entry::has);
            entry.end();
        });
        List<Subject> allow = entries.stream().map(Policy::subject).toList();
        Mode mode = settings.choice("mode", Mode.class, Mode.ENFORCE);
        Effect effect = settings.choice("effect", Effect.class, Effect.DENY);
        return new Rule(name, tree ? List.of() : places, tree ? places : List.of(), globs, fileSystems, rate, owner,
                Set.copyOf(EnumSet.copyOf(operations)), allow, mode == Mode.AUDIT ? Effect.AUDIT : effect, settings.error("name", "", "").place(),
                problem -> settings.error(key, problem, "name an existing one, or take it out of rule '" + name + "'"));
    }

    private static String placeKey(Settings settings, String name) {
        List<String> used = PLACE_KEYS.stream().filter(settings::has).toList();
        if (used.isEmpty()) {
            throw settings.error("path", "is missing", "say what rule '" + name + "' protects: path = /a/file for an object, "
                    + "tree = /a/directory for it and all below, glob = /a/*.conf for those that match now, file-system = vfat for all on such");
        }
        if (used.size() > 1) {
            throw settings.error(used.get(1), "stands beside " + used.getFirst(), "a rule has one of "
                    + String.join(", ", PLACE_KEYS) + ": write two rules");
        }
        return used.getFirst();
    }

    /** Where file systems of a type are mounted now; later ones the kernel knows by their type. */
    private static List<Path> mounted(Settings settings, String key, String type) {
        if (!type.matches("[^\\s/]+")) {
            throw settings.error(key, "holds '" + type + "', which is no type of file systems", "name a type as /proc/mounts has it, for example vfat");
        }
        try {
            return Mounts.now().points(type);
        } catch (IOException e) {
            throw new UncheckedIOException("the mounts cannot be read", e);
        }
    }

    /** What a pattern stands for now. Nothing would be a rule that silently does nothing. */
    private static List<Path> matched(Settings settings, String key, String pattern) {
        if (!Globs.fits(pattern)) {
            throw settings.error(key, "holds '" + pattern + "', which is relative or has **", "write an absolute path with * ? [a-z] or {a,b}"
                    + " in its names, for example /etc/*.conf; for all that lies below a directory use tree");
        }
        try {
            List<Path> found = Globs.expand(pattern);
            if (found.isEmpty()) {
                throw settings.error(key, "holds '" + pattern + "', which matches no file", "name what exists; what is made later is not covered"
                        + " before the next reload");
            }
            return found;
        } catch (IOException e) {
            throw settings.error(key, "holds '" + pattern + "', and " + e.getMessage() + " cannot be listed", "check it as the user that runs"
                    + " Garrison");
        } catch (PatternSyntaxException | InvalidPathException e) {
            throw settings.error(key, "holds '" + pattern + "', which is no pattern: " + e.getMessage(), "for example /etc/*.conf");
        }
    }

    private static Subject subject(Settings settings) {
        Optional<Path> executable = settings.has("executable")
                ? Optional.of(settings.path("executable", EXAMPLE)) : Optional.empty();
        OptionalLong uid = id(settings, "uid");
        OptionalLong gid = id(settings, "gid");
        Optional<Path> cgroup = settings.has("cgroup")
                ? Optional.of(settings.path("cgroup", "/system.slice").normalize()) : Optional.empty();
        Optional<Path> ancestor = settings.has("ancestor")
                ? Optional.of(settings.path("ancestor", EXAMPLE)) : Optional.empty();
        Optional<VerityDigest> verity = settings.has(VERITY) ? Optional.of(verity(settings)) : Optional.empty();
        Optional<Instant> until = settings.has("until") ? Optional.of(until(settings)) : Optional.empty();
        if (executable.isEmpty() && uid.isEmpty() && gid.isEmpty() && cgroup.isEmpty() && ancestor.isEmpty()
                && verity.isEmpty()) {
            throw settings.error("executable", "is missing, and so are uid, gid, cgroup, ancestor and fs-verity", "an empty entry would allow everyone");
        }
        String first = SUBJECT_KEYS.stream().filter(settings::has).findFirst().orElseThrow();
        return new Subject(executable, uid, gid, cgroup, ancestor, verity, until, settings.error(first, "", "").place(), settings::error);
    }

    private static VerityDigest verity(Settings settings) {
        String text = settings.string(VERITY);
        return VerityDigest.parse(text).orElseThrow(() -> settings.error(VERITY, "is '" + text + "', which is no fs-verity digest",
                "write what 'fsverity measure FILE' prints: sha256: and 64 hexadecimal digits, or sha512: and 128"));
    }

    /** 2^32-1 is the one number that is nobody's. */
    private static OptionalLong id(Settings settings, String key) {
        return settings.has(key) ? OptionalLong.of(settings.integer(key, 0, 0xfffffffeL, 0)) : OptionalLong.empty();
    }

    private static Instant until(Settings settings) {
        String text = settings.string("until");
        try {
            Instant until = OffsetDateTime.parse(text).toInstant();
            if (until.isBefore(LATEST)) {
                return until;
            }
        } catch (DateTimeException e) {
            throw settings.error("until", "is '" + text + "'", "write a time with its zone, for example \"2026-12-01T00:00Z\"");
        }
        throw settings.error("until", "is '" + text + "', centuries away", "leave it out for an entry that does not end");
    }
}
