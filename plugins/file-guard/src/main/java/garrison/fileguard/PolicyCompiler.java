// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.fileguard.CompiledPolicy.ExecutableKey;
import garrison.spi.ConfigurationException;
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
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/** Looks up what a policy's paths lead to, all of them in one question to the kernel, and lays the entries out. For one use. */
final class PolicyCompiler {
    private final Policy policy;
    private final FileIds files;
    private final Mounts mounts;
    private final int firstRule;
    private final Map<Path, FileId> ids = new HashMap<>();
    private final Map<Path, Path> realPaths = new HashMap<>();
    private final Map<Path, Path> realDirectories = new HashMap<>();
    private final Map<Path, Function<String, ConfigurationException>> named = new HashMap<>();
    private final Set<PlaceKey> leading = new HashSet<>();
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
            rule.paths().forEach(path -> resolve(path, rule.error()));
            for (Path tree : rule.trees()) {
                resolve(tree, rule.error());
                if (Files.exists(tree) && !Files.isDirectory(tree)) {
                    throw rule.error().apply("holds " + tree + ", which is no directory");
                }
                searchLinks(real(tree));
            }
            rule.allow().forEach(s -> s.executable().ifPresent(path -> resolve(path, s.error())));
        }
    }

    private void resolve(Path path, Function<String, ConfigurationException> error) {
        if (realPaths.containsKey(path)) {
            return;
        }
        try {
            Path real = realPath(path);
            realPaths.put(path, real);
            named.putIfAbsent(real, error);
        } catch (IOException e) {
            throw error.apply("holds " + path + ", which leads to no file");
        }
    }

    /** Many places lie in few directories: each of those is resolved once. Whether the file is there shows later. */
    private Path realPath(Path path) throws IOException {
        Path parent = path.getParent();
        Path name = path.getFileName();
        if (parent == null || name.toString().equals("..") || name.toString().equals(".") || Files.isSymbolicLink(path)) {
            return path.toRealPath();
        }
        Path directory = realDirectories.get(parent);
        if (directory == null) {
            directory = parent.toRealPath();
            realDirectories.put(parent, directory);
        }
        return directory.resolve(name);
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
        realPaths.values().forEach(real -> want(real, wanted));
        for (Map.Entry<Path, List<Path>> tree : hardLinks.entrySet()) {
            tree.getValue().forEach(file -> want(file, wanted));
            mounts.below(tree.getKey()).forEach(point -> want(point, wanted));
        }
        while (true) {
            List<Path> paths = List.copyOf(wanted);
            try {
                List<FileId> found = files.identify(paths);
                for (int i = 0; i < paths.size(); i++) {
                    ids.put(paths.get(i), found.get(i));
                }
                return;
            } catch (FileIds.FileNotFound e) {
                Function<String, ConfigurationException> error = named.get(e.path());
                if (error != null) {
                    throw error.apply("holds " + e.path() + ", which leads to no file");
                }
                if (!wanted.remove(e.path())) {
                    throw e;
                }
                // Found by looking around a moment ago and gone since: nothing to protect.
            }
        }
    }

    private static void want(Path path, Set<Path> wanted) {
        if (wanted.add(path)) {
            for (Path directory : above(path)) {
                if (!wanted.add(directory)) {
                    return;
                }
            }
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
            mounts.below(root).stream().filter(ids::containsKey).forEach(point -> tree(point, word));
            hardLinks.get(root).stream().filter(ids::containsKey).forEach(file -> self(file, word));
        }
    }

    private void self(Path path, PolicyEntries.Word word) {
        FileId id = ids.get(path);
        entries.self(id, word);
        places.put(PlaceKey.of(word.rule(), id), path);
        lead(path, word);
    }

    private void tree(Path root, PolicyEntries.Word word) {
        FileId id = ids.get(root);
        entries.tree(id, word);
        places.put(PlaceKey.of(word.rule(), id), root);
        lead(root, word);
    }

    /** The directories above a place lead to it; where one does so already, those above it do too. */
    private void lead(Path place, PolicyEntries.Word word) {
        for (Path directory : above(place)) {
            FileId id = ids.get(directory);
            if (id == null || !leading.add(PlaceKey.of(word.rule(), id))) {
                return;
            }
            entries.above(id, word);
            places.putIfAbsent(PlaceKey.of(word.rule(), id), directory);
        }
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
