// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.fileguard.PolicyEntries.Word;
import garrison.spi.FileId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Lays out what a rule says of its places: each itself, its name, the way to it, hard links out of it, the devices below it. */
final class PlaceEntries {
    private final Policy policy;
    private final Mounts mounts;
    private final PlaceIds ids;
    private final PolicyEntries entries;
    private final BlockDevices devices = new BlockDevices(Path.of("/sys"));
    private final Set<PlaceKey> leading = new HashSet<>();
    private final Set<PlaceKey> onDevices = new HashSet<>();
    private final Map<Path, List<Path>> hardLinks = new HashMap<>();
    private final Set<Path> incomplete = new LinkedHashSet<>();
    private final Map<PlaceKey, Path> places = new HashMap<>();

    PlaceEntries(Policy policy, Mounts mounts, PlaceIds ids, PolicyEntries entries) {
        this.policy = policy;
        this.mounts = mounts;
        this.ids = ids;
        this.entries = entries;
    }

    /** Goes on from what a policy knew. */
    void take(CompiledPolicy before) {
        places.putAll(before.places());
        incomplete.addAll(before.incomplete());
    }

    void searchLinks(Path tree) throws IOException {
        if (!hardLinks.containsKey(tree)) {
            HardLinks links = HardLinks.below(tree, mounts, policy.linkScan());
            hardLinks.put(tree, links.found());
            if (!links.complete()) {
                incomplete.add(tree);
            }
        }
    }

    /** Adds the hard links that were found. */
    void wantLinks(Set<Path> wanted) {
        hardLinks.values().stream().flatMap(List::stream).forEach(file -> PlaceIds.want(file, wanted));
    }

    /** Trees that were searched for hard links. */
    Set<Path> searched() {
        return hardLinks.keySet();
    }

    /** The file, and its name for files that come after it. The name of a mount's root is covered by the mount. */
    void object(Path path, Word word, Rule rule) throws IOException {
        FileId id = ids.id(path);
        FileId directory = path.getParent() == null ? null : ids.id(path.getParent());
        if (id != null) {
            self(path, word);
        } else if (directory == null) {
            throw rule.error().apply("holds " + path + ", which leads to no file");
        } else {
            lead(path, word);
            onDevices(directory, word);
        }
        if (directory != null && (id == null || id.device() == directory.device())) {
            entries.name(directory, NameHash.of(path.getFileName().toString().getBytes(StandardCharsets.UTF_8)), word);
            places.putIfAbsent(PlaceKey.of(word.rule(), directory), path.getParent());
        }
    }

    /** A directory and all below, if it is there. */
    void tree(Path root, Word word) throws IOException {
        FileId id = ids.id(root);
        if (id == null) {
            return;
        }
        entries.tree(id, word);
        places.put(PlaceKey.of(word.rule(), id), root);
        lead(root, word);
        onDevices(id, word);
    }

    /** What in a tree that was searched has further names. */
    void links(Path tree, Word word) throws IOException {
        for (Path file : hardLinks.get(tree)) {
            if (ids.id(file) != null) {
                self(file, word);
            }
        }
    }

    private void self(Path path, Word word) throws IOException {
        FileId id = ids.id(path);
        entries.self(id, word);
        places.put(PlaceKey.of(word.rule(), id), path);
        lead(path, word);
        onDevices(id, word);
    }

    /** The devices that a place lies on; once for each file system. */
    private void onDevices(FileId id, Word word) throws IOException {
        int device = (int) id.device();
        int operations = word.operations() & Operation.mask(policy.blockDevices());
        if (operations == 0 || !onDevices.add(new PlaceKey(word.rule(), device, 0))) {
            return;
        }
        devices.below(device).forEach((number, path) -> {
            entries.device(number, new Word(word.rule(), operations, word.traits()));
            places.put(new PlaceKey(word.rule(), number, 0), path);
        });
    }

    /** The directories above a place lead to it; where one does so already, those above it do too. */
    private void lead(Path place, Word word) {
        for (Path directory : PlaceIds.above(place)) {
            FileId id = ids.id(directory);
            if (id == null || !leading.add(PlaceKey.of(word.rule(), id))) {
                return;
            }
            entries.above(id, word);
            places.putIfAbsent(PlaceKey.of(word.rule(), id), directory);
        }
    }

    /** Where each protected place lies. */
    Map<PlaceKey, Path> places() {
        return places;
    }

    /** Trees whose search for hard links did not come to an end. */
    Set<Path> incomplete() {
        return incomplete;
    }
}
