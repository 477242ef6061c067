// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.fileguard.MountScope.Seen;
import garrison.spi.FileIds;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A policy with what its rules mean since other mounts came. It is only added to: whom a rule lets through is as it was, and what
 * was protected stays so, wherever it is mounted now. Who may mount, unmount or replace a program shall not by that
 * change the policy for himself.
 */
final class PolicyExtension {
    private final CompiledPolicy before;
    private final MountView view;
    private final Mounts mounts;
    private final PlaceIds ids;
    private final PolicyEntries entries;
    private final PlaceEntries places;

    private PolicyExtension(CompiledPolicy before, FileIds files, Mounts mounts) {
        this.before = before;
        this.mounts = mounts;
        view = before.mounts();
        ids = new PlaceIds(files);
        entries = PolicyEntries.of(before.table());
        places = new PlaceEntries(view.policy(), mounts, ids, entries);
        places.take(before);
    }

    /**
     * Extends a policy.
     *
     * @return the policy with the same rule numbers; empty if no mount means anything to it that it does not know
     */
    static Optional<CompiledPolicy> of(CompiledPolicy before, FileIds files) {
        try {
            return of(before, files, Mounts.now());
        } catch (IOException e) {
            throw new GarrisonException("file-guard: looking at what was mounted failed: " + e, e);
        }
    }

    static Optional<CompiledPolicy> of(CompiledPolicy before, FileIds files, Mounts mounts) throws IOException {
        Set<Seen> fresh = before.mounts().scope().fresh(mounts, files, before.mounts().known());
        return fresh.isEmpty() ? Optional.empty() : Optional.of(new PolicyExtension(before, files, mounts).by(fresh));
    }

    private CompiledPolicy by(Set<Seen> fresh) throws IOException {
        Set<Path> changed = fresh.stream().map(Seen::place).collect(Collectors.toCollection(LinkedHashSet::new));
        List<Changed> rules = view.scope().rules().stream().map(rule -> changed(rule, changed)).toList();
        identify(rules);
        for (int i = 0; i < rules.size(); i++) {
            enter(rules.get(i), view.words().get(i), view.policy().rules().get(i));
        }
        Set<Seen> known = new HashSet<>(view.known());
        known.addAll(fresh);
        MountView now = new MountView(view.policy(), view.scope(), view.words(), known, view.added() + fresh.size(), List.copyOf(changed),
                view.scope().unmounted(mounts));
        return new CompiledPolicy(entries.table(), before.hooks(), before.ruleNames(), Collections.unmodifiableMap(places.places()),
                before.executables(), entries.objects(), Set.copyOf(places.incomplete()), before.absent(), before.rated(), now);
    }

    /**
     * What of a rule's reach is to be looked at again.
     *
     * @param objects by themselves and by name
     * @param trees with hard links that lead out
     * @param roots of file systems that are meant as a whole
     */
    private record Changed(List<Path> objects, List<Path> trees, List<Path> roots) {}

    private Changed changed(MountScope.Reach rule, Set<Path> changed) {
        Set<Path> points = mounts.points();
        Set<Path> trees = changed.stream().filter(place -> points.contains(place) && rule.trees().stream().anyMatch(place::startsWith))
                .collect(Collectors.toCollection(LinkedHashSet::new));
        rule.trees().stream().filter(tree -> changed.contains(tree) && Files.isDirectory(tree)).forEach(trees::add);
        return new Changed(
                rule.objects().stream().filter(path -> changed.contains(path) || changed.contains(MountScope.directory(path))).toList(),
                List.copyOf(trees),
                rule.fileSystems().stream().flatMap(type -> mounts.points(type).stream()).filter(changed::contains).toList());
    }

    private void identify(List<Changed> rules) throws IOException {
        Set<Path> wanted = new LinkedHashSet<>();
        for (Changed rule : rules) {
            for (Path tree : rule.trees) {
                places.searchLinks(tree);
                PlaceIds.want(tree, wanted);
            }
            rule.roots.forEach(root -> PlaceIds.want(root, wanted));
            rule.objects.forEach(path -> PlaceIds.want(MountScope.directory(path), wanted));
            rule.objects.forEach(path -> PlaceIds.want(path, wanted));
        }
        places.wantLinks(wanted);
        ids.identify(wanted);
    }

    /** What is gone again by now is left out. */
    private void enter(Changed changed, PolicyEntries.Word word, Rule rule) throws IOException {
        for (Path path : changed.objects) {
            if (ids.id(MountScope.directory(path)) != null) {
                places.object(path, word, rule);
            }
        }
        for (Path root : changed.roots) {
            places.tree(root, word);
        }
        for (Path tree : changed.trees) {
            places.tree(tree, word);
            places.links(tree, word);
        }
    }
}
