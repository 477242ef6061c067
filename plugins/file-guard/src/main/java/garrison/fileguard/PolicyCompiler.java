// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.fileguard.CompiledPolicy.ExecutableKey;
import garrison.spi.FileId;
import garrison.spi.FileIds;
import garrison.spi.GarrisonException;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** Looks up what a policy's paths lead to, all of them in one question to the kernel, and lays the entries out. For one use. */
final class PolicyCompiler {
    private final Policy policy;
    private final FileIds files;
    private final Mounts mounts;
    private final int firstRule;
    private final Map<Path, FileId> ids = new HashMap<>();
    private final Map<Path, Path> realPaths = new HashMap<>();
    private final Map<Path, List<Path>> hardLinks = new HashMap<>();
    private final Set<Path> incomplete = new LinkedHashSet<>();
    private final PolicyEntries entries = new PolicyEntries();
    private final Map<Integer, String> ruleNames = new HashMap<>();
    private final Map<PlaceKey, Path> places = new HashMap<>();
    private final Map<ExecutableKey, Path> executables = new HashMap<>();

    private PolicyCompiler(Policy policy, FileIds files, Mounts mounts, int firstRule) {
        this.policy = policy;
        this.files = files;
        this.mounts = mounts;
        this.firstRule = firstRule;
    }

    /**
     * Compiles.
     *
     * @param firstRule the number of the first rule; numbers are never used again, so that late events find their rule
     * @throws garrison.spi.ConfigurationException for a path that leads nowhere, or a tree that is no directory
     */
    static CompiledPolicy compile(Policy policy, FileIds files, int firstRule) {
        try {
            return new PolicyCompiler(policy, files, Mounts.now(), firstRule).compile();
        } catch (IOException e) {
            throw new GarrisonException("file-guard: looking at the protected files failed: " + e, e);
        }
    }

    private CompiledPolicy compile() throws IOException {
        resolve();
        identify();
        EnumSet<Hook> hooks = EnumSet.noneOf(Hook.class);
        for (int i = 0; i < policy.rules().size(); i++) {
            Rule rule = policy.rules().get(i);
            enter(firstRule + i, rule);
            for (Hook hook : Hook.values()) {
                if (hook.serves(rule)) {
                    hooks.add(hook);
                }
            }
        }
        return new CompiledPolicy(entries.table(), hooks, Map.copyOf(ruleNames), Map.copyOf(places), Map.copyOf(executables),
                entries.objects(), Set.copyOf(incomplete));
    }

    /** Symbolic links out of the way: what is protected is the object, and its directories are those of its real path. */
    private void resolve() throws IOException {
        for (Rule rule : policy.rules()) {
            resolve(rule, "paths", rule.paths());
            resolve(rule, "trees", rule.trees());
            for (Path tree : rule.trees()) {
                if (!Files.isDirectory(tree)) {
                    throw rule.error().apply("trees", "holds " + tree + ", which is no directory");
                }
                searchLinks(real(tree));
            }
            resolve(rule, "allow", rule.allow().stream().flatMap(s -> s.executable().stream()).toList());
        }
    }

    private void resolve(Rule rule, String key, List<Path> paths) {
        for (Path path : paths) {
            if (!realPaths.containsKey(path)) {
                try {
                    realPaths.put(path, path.toRealPath());
                } catch (IOException e) {
                    throw rule.error().apply(key, "holds " + path + ", which leads to no file");
                }
            }
        }
    }

    private void searchLinks(Path tree) throws IOException {
        if (!hardLinks.containsKey(tree)) {
            HardLinks links = HardLinks.below(tree, mounts, policy.linkScan());
            hardLinks.put(tree, links.found());
            if (!links.complete()) {
                incomplete.add(tree);
            }
        }
    }

    /** One question for all files. */
    private void identify() {
        Set<Path> wanted = new LinkedHashSet<>();
        for (Path real : realPaths.values()) {
            wanted.add(real);
            wanted.addAll(above(real));
        }
        for (Map.Entry<Path, List<Path>> tree : hardLinks.entrySet()) {
            wanted.addAll(tree.getValue());
            wanted.addAll(mounts.below(tree.getKey()));
        }
        List<Path> paths = List.copyOf(wanted);
        List<FileId> found = files.identify(paths);
        for (int i = 0; i < paths.size(); i++) {
            ids.put(paths.get(i), found.get(i));
        }
    }

    private void enter(int number, Rule rule) {
        ruleNames.put(number, rule.name());
        int traits = (rule.mode() == Mode.ENFORCE ? PolicyEntries.ENFORCED : 0) | subjects(number, rule.allow());
        PolicyEntries.Word word = new PolicyEntries.Word(number, Operation.mask(rule.operations()) | Operation.ALWAYS, traits);
        for (Path path : rule.paths()) {
            self(real(path), word);
        }
        for (Path tree : rule.trees()) {
            Path root = real(tree);
            tree(root, word);
            mounts.below(root).forEach(point -> tree(point, word));
            hardLinks.get(root).forEach(file -> self(file, word));
        }
    }

    private void self(Path path, PolicyEntries.Word word) {
        FileId id = ids.get(path);
        entries.self(id, word);
        places.put(PlaceKey.of(word.rule(), id), path);
        above(path).forEach(directory -> lead(directory, word));
    }

    private void tree(Path root, PolicyEntries.Word word) {
        FileId id = ids.get(root);
        entries.tree(id, word);
        places.put(PlaceKey.of(word.rule(), id), root);
        above(root).forEach(directory -> lead(directory, word));
    }

    private void lead(Path directory, PolicyEntries.Word word) {
        FileId id = ids.get(directory);
        entries.above(id, word);
        places.putIfAbsent(PlaceKey.of(word.rule(), id), directory);
    }

    private int subjects(int rule, List<Subject> allow) {
        int traits = 0;
        for (Subject subject : allow) {
            OptionalLong uid = subject.uid();
            if (subject.executable().isEmpty()) {
                entries.uid(rule, (int) uid.getAsLong());
                traits |= PolicyEntries.BY_UID;
                continue;
            }
            Path path = real(subject.executable().get());
            FileId id = ids.get(path);
            executables.put(ExecutableKey.of(id), path);
            entries.executable(rule, id, uid.isPresent() ? (int) uid.getAsLong() : PolicyEntries.ANY_UID);
            traits |= uid.isPresent() ? PolicyEntries.BY_BOTH : PolicyEntries.BY_EXECUTABLE;
        }
        return traits;
    }

    private Path real(Path path) {
        return realPaths.get(path);
    }

    /**
     * The directories that lead to a place. The root directory is left out: a mount over it hides nothing from those who are
     * in it already, and every container makes one.
     */
    private static List<Path> above(Path path) {
        List<Path> all = new ArrayList<>();
        for (Path directory = path.getParent(); directory != null && directory.getParent() != null;
                directory = directory.getParent()) {
            all.add(directory);
        }
        return all;
    }
}
