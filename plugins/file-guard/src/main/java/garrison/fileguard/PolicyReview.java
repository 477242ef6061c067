// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.ConfigurationException;
import garrison.spi.FileIds;
import garrison.spi.GarrisonException;
import garrison.spi.Mode;
import garrison.spi.PolicyFinding;
import garrison.spi.PolicyFinding.Severity;
import garrison.spi.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Looks a whole policy through: first what makes it unusable, all of it; if nothing does, what of it says nothing. */
final class PolicyReview {
    /** Without these a tree is left, or a place moved within a larger tree, only where the smaller one refuses it. */
    private static final Set<Operation> CONFINING = Set.of(Operation.RENAME, Operation.LINK);

    private final Set<PolicyFinding> errors = new LinkedHashSet<>();
    private final List<PolicyFinding> warnings = new ArrayList<>();
    /** Of what allow-lists name, each looked at once. */
    private final Map<Path, Optional<String>> problems = new HashMap<>();
    private final Set<Path> present = new HashSet<>();

    PolicyReview(Settings settings, FileIds files) {
        Policy policy = read(settings);
        policy.rules().forEach(this::missing);
        if (errors.isEmpty()) {
            compiled(policy, files).ifPresent(this::review);
        }
    }

    List<PolicyFinding> findings() {
        List<PolicyFinding> all = new ArrayList<>(errors);
        all.addAll(warnings.stream().distinct().sorted(Comparator.comparing(PolicyReview::line)).toList());
        return all;
    }

    /** Findings of one file in the order of its lines. */
    private static int line(PolicyFinding finding) {
        String line = finding.place().substring(finding.place().lastIndexOf(':') + 1);
        return !line.isEmpty() && line.length() < 10 && line.chars().allMatch(Character::isDigit) ? Integer.parseInt(line) : 0;
    }

    private Policy read(Settings settings) {
        try {
            GuardPolicy.mode(settings);
        } catch (ConfigurationException e) {
            errors.add(PolicyFinding.error(e));
        }
        return Policy.read(settings, e -> errors.add(PolicyFinding.error(e)));
    }

    /** What no place leads to; the compiler would tell only the first. */
    private void missing(Rule rule) {
        // A name that no file has yet is one to protect, if it has a directory.
        rule.paths().stream().filter(path -> Files.notExists(path) && (path.getParent() == null || !Files.isDirectory(path.getParent())))
                .forEach(path -> error(rule.error().apply("holds " + path + ", which leads to no file")));
        for (Path tree : rule.trees()) {
            if (Files.notExists(tree)) {
                error(rule.error().apply("holds " + tree + ", which leads to no file"));
            } else if (!Files.isDirectory(tree)) {
                error(rule.error().apply("holds " + tree + ", which is no directory"));
            }
        }
        for (Subject subject : rule.allow()) {
            subject.executable().filter(this::isMissing)
                    .ifPresent(path -> error(subject.error("holds " + path + ", which leads to no file")));
            subject.ancestor().filter(this::isMissing)
                    .ifPresent(path -> error(subject.error("ancestor", "holds " + path + ", which leads to no file")));
        }
    }

    private boolean isMissing(Path program) {
        if (!present.contains(program) && Files.notExists(program)) {
            return true;
        }
        present.add(program);
        return false;
    }

    private void error(ConfigurationException e) {
        errors.add(PolicyFinding.error(e));
    }

    private Optional<GuardPolicy> compiled(Policy policy, FileIds files) {
        try {
            return Optional.of(GuardPolicy.of(policy, Mode.ENFORCE, files));
        } catch (ConfigurationException e) {
            error(e);
        } catch (GarrisonException e) {
            errors.add(new PolicyFinding(Severity.ERROR, "file-guard", e.getMessage(), "check it as the user that runs Garrison"));
        }
        return Optional.empty();
    }

    private void review(GuardPolicy guard) {
        PolicyScope scope = new PolicyScope(guard);
        for (PolicyScope.Reach rule : scope.all()) {
            places(rule);
            types(rule.rule());
            allowances(rule.rule());
            Optional<Rule> over = scope.around(rule).stream().filter(other -> covered(rule, other)).map(PolicyScope.Reach::rule).findFirst();
            over.ifPresent(other -> warn(rule.rule(), "rule '" + rule.rule().name() + "' never decides anything: rule '" + other.name()
                    + "' (" + other.place() + ") refuses at least as much everywhere", "take it out, or let it say something else"));
            if (over.isEmpty()) {
                conflicts(rule, scope);
            }
        }
        guard.compiled().incomplete().forEach(tree -> warnings.add(new PolicyFinding(Severity.WARNING, "file-guard", "hard links below "
                + tree + " were not searched to the end", "raise link-scan, or check as a user who may read all of it")));
    }

    /** Whether the other refuses all that this one does; of two that say the same only the later is covered. */
    private static boolean covered(PolicyScope.Reach rule, PolicyScope.Reach other) {
        return refuses(other, rule) && !(refuses(rule, other) && rule.number() < other.number());
    }

    /** Whether {@code wide} refuses all that {@code narrow} refuses, to all to whom that refuses it. */
    private static boolean refuses(PolicyScope.Reach wide, PolicyScope.Reach narrow) {
        Rule w = wide.rule();
        Rule n = narrow.rule();
        return wide.holds(narrow) && (w.owner().isEmpty() || w.owner().equals(n.owner())) && w.operations().containsAll(n.operations())
                && (wide.same(narrow) || w.operations().containsAll(CONFINING))
                && w.allow().stream().allMatch(one -> n.allow().stream().anyMatch(one::within))
                && (n.effect() == Effect.AUDIT || w.effect() == n.effect() || w.effect() != Effect.AUDIT && isFirst(wide, narrow));
    }

    /** Whether a refusal by the one keeps the other from being asked: of the rules for one object the earlier comes first. */
    private static boolean isFirst(PolicyScope.Reach one, PolicyScope.Reach other) {
        return one.number() < other.number() && one.same(other);
    }

    /** Who is let through by a rule, and refused all the same by another that knows each of its places. */
    private void conflicts(PolicyScope.Reach rule, PolicyScope scope) {
        for (Subject subject : rule.rule().allow()) {
            for (PolicyScope.Reach other : scope.around(rule)) {
                Set<Operation> both = EnumSet.copyOf(rule.rule().operations());
                both.retainAll(other.rule().operations());
                boolean stronger = rule.rule().effect() == Effect.AUDIT || other.rule().effect() != Effect.AUDIT;
                boolean all = other.rule().owner().isEmpty() || other.rule().owner().equals(rule.rule().owner());
                if (stronger && all && !both.isEmpty() && other.rule().allow().stream().allMatch(subject::excludes)) {
                    warnings.add(new PolicyFinding(Severity.WARNING, subject.place(), "rule '" + rule.rule().name() + "' allows "
                            + subject.words() + " in vain: rule '" + other.rule().name() + "' (" + other.rule().place() + ") refuses "
                            + words(both) + " there", "allow it in both, or take it out"));
                    break;
                }
            }
        }
    }

    private void types(Rule rule) {
        Set<String> known = rule.fileSystems().isEmpty() ? Set.of() : knownTypes();
        rule.fileSystems().stream().filter(type -> !known.contains(type)).forEach(type -> warn(rule, "rule '" + rule.name()
                + "' is for file systems of type '" + type + "': none is mounted, and the kernel knows no such type now",
                "compare it with /proc/mounts where one is mounted; a type that a module brings is known once that is loaded"));
    }

    /** Those of what is mounted, which may have a subtype, and those of the kernel. */
    private static Set<String> knownTypes() {
        try {
            Set<String> types = Mounts.now().types();
            Files.readAllLines(Path.of("/proc/filesystems")).forEach(line -> types.add(line.substring(line.indexOf('\t') + 1)));
            return types;
        } catch (IOException e) {
            throw new UncheckedIOException("the kernel's file systems cannot be read", e);
        }
    }

    private void places(PolicyScope.Reach reach) {
        Rule rule = reach.rule();
        Set<Path> seen = new HashSet<>();
        for (int i = 0; i < reach.ways().size(); i++) {
            if (!seen.add(reach.ways().get(i).object())) {
                warn(rule, "rule '" + rule.name() + "' names " + reach.named(i) + " twice",
                        "take one of them out; symbolic links are what they lead to");
            }
        }
        List<Path> nowhere = rule.paths().stream().filter(path -> Files.exists(path) && !Files.isDirectory(path)).toList();
        if (rule.operations().contains(Operation.CREATE) && !nowhere.isEmpty()) {
            warn(rule, "rule '" + rule.name() + "' refuses create in " + nowhere.getFirst() + ", which is no directory",
                    "name the directory that nothing may be made in");
        }
    }

    private void allowances(Rule rule) {
        for (int i = 0; i < rule.allow().size(); i++) {
            Subject subject = rule.allow().get(i);
            subject.executable().flatMap(this::problem).ifPresent(problem -> warnings.add(new PolicyFinding(Severity.WARNING,
                    subject.place(), "rule '" + rule.name() + "' allows " + problem, "name the program that runs")));
            subject.ancestor().flatMap(this::problem).ifPresent(problem -> warnings.add(new PolicyFinding(Severity.WARNING,
                    subject.place(), "rule '" + rule.name() + "' allows those below " + problem, "name the program that runs")));
            subject.until().filter(Instant.now()::isAfter).ifPresent(end -> warnings.add(new PolicyFinding(Severity.WARNING, subject.place(),
                    "rule '" + rule.name() + "' allows " + subject.words() + ", which is over", "take the entry out")));
            for (int j = 0; j < rule.allow().size(); j++) {
                Subject other = rule.allow().get(j);
                if (j != i && subject.within(other) && (j < i || !other.within(subject))) {
                    warnings.add(new PolicyFinding(Severity.WARNING, subject.place(), "rule '" + rule.name() + "' allows "
                            + subject.words() + ", who is let through by the entry " + other.words() + " anyway", "take one of them out"));
                    break;
                }
            }
        }
    }

    private Optional<String> problem(Path executable) {
        return problems.computeIfAbsent(executable, Executables::problem);
    }

    private void warn(Rule rule, String problem, String remedy) {
        warnings.add(new PolicyFinding(Severity.WARNING, rule.place(), problem, remedy));
    }

    private static String words(Set<Operation> operations) {
        return operations.stream().map(Operation::word).collect(Collectors.joining(", "));
    }
}
