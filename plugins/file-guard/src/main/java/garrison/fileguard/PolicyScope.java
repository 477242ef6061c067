// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.FileId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which rules of a policy know the places of which others, told by identity. */
final class PolicyScope {
    /**
     * Where a rule reaches.
     *
     * @param number its place in the policy, from 0
     * @param objects what it protects by itself, by their real paths: a rule knows an object and its name
     * @param roots its trees' roots
     * @param ways of each path, then of each tree, the way up
     */
    record Reach(int number, Rule rule, Set<Path> objects, Set<FileId> roots, List<Way> ways) {
        /** The place that a way begins at, as the rule names it. */
        Path named(int way) {
            return way < rule.paths().size() ? rule.paths().get(way) : rule.trees().get(way - rule.paths().size());
        }

        /** Whether all that the other knows is known here: as the same object, or in a tree. */
        boolean holds(Reach other) {
            // Of a type more may be mounted later.
            return rule.fileSystems().containsAll(other.rule.fileSystems()) && other.ways.stream().allMatch(way -> way.ids().stream().anyMatch(roots::contains)
                    || !other.roots.contains(way.ids().getFirst()) && objects.contains(way.object()));
        }

        /** Whether the other knows nothing but the same objects as objects, and the same trees as trees. */
        boolean same(Reach other) {
            return objects.containsAll(other.objects) && roots.containsAll(other.roots);
        }
    }

    private final List<Reach> all = new ArrayList<>();
    private final Map<Path, Set<Integer>> byObject = new HashMap<>();
    private final Map<FileId, Set<Integer>> byRoot = new HashMap<>();

    PolicyScope(GuardPolicy guard) {
        for (Rule rule : guard.rules()) {
            List<Way> ways = new ArrayList<>();
            Reach reach = new Reach(all.size(), rule, new LinkedHashSet<>(), new LinkedHashSet<>(), ways);
            for (Path path : rule.paths()) {
                ways.add(guard.way(path));
                reach.objects.add(ways.getLast().object());
            }
            for (Path tree : rule.trees()) {
                ways.add(guard.way(tree));
                reach.roots.add(ways.getLast().ids().getFirst());
            }
            reach.objects.forEach(id -> byObject.computeIfAbsent(id, i -> new LinkedHashSet<>()).add(reach.number));
            reach.roots.forEach(id -> byRoot.computeIfAbsent(id, i -> new LinkedHashSet<>()).add(reach.number));
            all.add(reach);
        }
    }

    List<Reach> all() {
        return all;
    }

    /** The other rules that know all places of a rule. */
    List<Reach> around(Reach rule) {
        if (rule.ways.isEmpty()) {
            return List.of(); // for a type of which nothing is mounted
        }
        // What knows all of them knows the first.
        Way first = rule.ways.getFirst();
        Set<Integer> near = new TreeSet<>(byObject.getOrDefault(first.object(), Set.of()));
        first.ids().forEach(id -> near.addAll(byRoot.getOrDefault(id, Set.of())));
        near.remove(rule.number);
        return near.stream().map(all::get).filter(other -> other.holds(rule)).toList();
    }
}
