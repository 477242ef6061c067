// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.FileId;
import garrison.spi.FileIds;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which mounts decide what the places of a policy are: those below its trees, those of the types that it names, those over its
 * objects, and each that one of its places lies in. By this it is told whether a change of the mounts means anything to the policy.
 */
final class MountScope {
    /**
     * Where a rule reaches, by real paths.
     *
     * @param objects protected by themselves and by name
     * @param trees protected with all below; not those that stand for file systems
     * @param fileSystems types
     */
    record Reach(List<Path> objects, List<Path> trees, List<String> fileSystems) {}

    /**
     * A mount in its meaning for one place: of a place that is a mount point what is mounted there, else what is mounted where it lies.
     * By the root's identity, since mounts that come and go quickly get the same numbers and device.
     */
    record Seen(Path place, FileId root) {}

    private final List<Reach> rules;
    private final Set<Path> trees = new HashSet<>();
    /** Trees, and the directories of objects. */
    private final Set<Path> directories = new LinkedHashSet<>();
    private final Set<String> types = new LinkedHashSet<>();

    /** @param rules in the policy's order */
    MountScope(List<Reach> rules) {
        this.rules = List.copyOf(rules);
        for (Reach rule : rules) {
            trees.addAll(rule.trees);
            directories.addAll(rule.trees);
            rule.objects.forEach(path -> directories.add(directory(path)));
            types.addAll(rule.fileSystems);
        }
    }

    List<Reach> rules() {
        return rules;
    }

    /** Whether no mount can mean anything. */
    boolean isEmpty() {
        return directories.isEmpty() && types.isEmpty();
    }

    /** Types of which no file system is mounted. */
    List<String> unmounted(Mounts mounts) {
        return types.stream().filter(type -> mounts.points(type).isEmpty()).toList();
    }

    /** By place, the mount point whose root tells what the place is. */
    Map<Path, Path> points(Mounts mounts) {
        Set<Path> all = mounts.points();
        Map<Path, Path> points = new LinkedHashMap<>();
        directories.forEach(directory -> points.put(directory, innermost(directory, all)));
        for (Path point : all) {
            if (belowTree(point) || isObject(point)) {
                points.put(point, point);
            }
        }
        types.forEach(type -> mounts.points(type).forEach(point -> points.put(point, point)));
        return points;
    }

    /**
     * What is mounted at the places now.
     *
     * @param ids by mount point; a point that is missing is hidden by another mount, or gone
     */
    Set<Seen> seen(Mounts mounts, Map<Path, FileId> ids) {
        return seen(points(mounts), ids);
    }

    private static Set<Seen> seen(Map<Path, Path> points, Map<Path, FileId> ids) {
        Set<Seen> seen = new LinkedHashSet<>();
        points.forEach((place, point) -> {
            FileId id = ids.get(point);
            if (id != null) {
                seen.add(new Seen(place, id));
            }
        });
        return seen;
    }

    /** What is mounted at the places now and was not known there. */
    Set<Seen> fresh(Mounts mounts, FileIds files, Set<Seen> known) {
        Map<Path, Path> points = points(mounts);
        PlaceIds ids = new PlaceIds(files);
        ids.identify(new LinkedHashSet<>(points.values()));
        return seen(points, ids.all()).stream().filter(one -> !known.contains(one)).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private boolean belowTree(Path point) {
        for (Path above = point.getParent(); above != null; above = above.getParent()) {
            if (trees.contains(above)) {
                return true;
            }
        }
        return false;
    }

    /** Searched, not looked up: of objects there may be a million, and hardly ever a mount in a directory of theirs. */
    private boolean isObject(Path point) {
        return directories.contains(directory(point)) && rules.stream().anyMatch(rule -> rule.objects.contains(point));
    }

    private static Path innermost(Path directory, Set<Path> points) {
        Path at = directory;
        while (at.getParent() != null && !points.contains(at)) {
            at = at.getParent();
        }
        return at;
    }

    /** Where an object's name lies. */
    static Path directory(Path object) {
        return object.getParent() == null ? object : object.getParent();
    }
}
