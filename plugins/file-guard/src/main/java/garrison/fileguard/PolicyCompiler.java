// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.fileguard.CompiledPolicy.ExecutableKey;
import garrison.fileguard.MountScope.Seen;
import garrison.spi.ConfigurationException;
import garrison.spi.FileId;
import garrison.spi.FileIds;
import garrison.spi.GarrisonException;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Looks up what a policy's paths lead to, all of them in one question to the kernel, and lays the entries out. For one use. */
final class PolicyCompiler {
    private final Policy policy;
    private final FileIds files;
    private final Mounts mounts;
    private final int firstRule;
    private final Instant boot;
    private final Cgroups cgroups;
    private final Map<Path, FileId> ids = new HashMap<>();
    private final Map<Path, Path> realPaths = new HashMap<>();
    private final Map<Path, Path> realDirectories = new HashMap<>();
    private final Map<Path, Function<String, ConfigurationException>> named = new HashMap<>();
    private final Set<PlaceKey> leading = new HashSet<>();
    private final Set<PlaceKey> onDevices = new HashSet<>();
    private final BlockDevices devices = new BlockDevices(Path.of("/sys"));
    /** What rules name as objects and is not there: the name is protected. */
    private final Set<Path> absent = new LinkedHashSet<>();
    /** What must be there. */
    private final Set<Path> required = new HashSet<>();
    private final Map<Path, List<Path>> hardLinks = new HashMap<>();
    private final Set<Path> incomplete = new LinkedHashSet<>();
    private final PolicyEntries entries;
    private final Map<Integer, String> ruleNames = new HashMap<>();
    private final Set<Integer> rated = new HashSet<>();
    private final Map<PlaceKey, Path> places = new HashMap<>();
    private final Map<ExecutableKey, Path> executables = new HashMap<>();
    private final List<PolicyEntries.Word> words = new ArrayList<>();

    private PolicyCompiler(Policy policy, FileIds files, Mounts mounts, int firstRule, Instant boot, PolicyEntries entries) {
        this.policy = policy;
        this.entries = entries;
        this.boot = boot;
        cgroups = Cgroups.of(mounts);
        this.files = files;
        this.mounts = mounts;
        this.firstRule = firstRule;
    }

    /**
     * Compiles.
     *
     * @param firstRule the number of the first rule; numbers are never used again, so that late events find their rule
     * @param boot when the boot clock began, by the wall clock of now: ends of entries are told by the boot clock, which nobody sets
     * @throws garrison.spi.ConfigurationException for a path that leads nowhere, or a tree that is no directory
     */
    static CompiledPolicy compile(Policy policy, FileIds files, int firstRule, Instant boot) {
        try {
            return new PolicyCompiler(policy, files, Mounts.now(), firstRule, boot, new PolicyEntries()).compile();
        } catch (IOException e) {
            throw new GarrisonException("file-guard: looking at the protected files failed: " + e, e);
        }
    }

    /**
     * A policy with what its rules mean since other mounts came. It is only added to: whom a rule lets through is as it was, and what
     * was protected stays so, wherever it is mounted now. Who may mount, unmount or replace a program shall not by that
     * change the policy for himself.
     *
     * @return the policy with the same rule numbers; empty if no mount means anything to it that it does not know
     */
    static Optional<CompiledPolicy> extend(CompiledPolicy before, FileIds files) {
        try {
            return extend(before, files, Mounts.now());
        } catch (IOException e) {
            throw new GarrisonException("file-guard: looking at what was mounted failed: " + e, e);
        }
    }

    static Optional<CompiledPolicy> extend(CompiledPolicy before, FileIds files, Mounts mounts) throws IOException {
        MountView view = before.mounts();
        Set<Seen> fresh = view.scope().fresh(mounts, files, view.known());
        return fresh.isEmpty() ? Optional.empty() : Optional.of(new PolicyCompiler(view.policy(), files, mounts, 0, Instant.EPOCH,
                PolicyEntries.of(before.table())).extend(before, fresh));
    }

    private CompiledPolicy extend(CompiledPolicy before, Set<Seen> fresh) throws IOException {
        MountView view = before.mounts();
        Set<Path> changed = fresh.stream().map(Seen::place).collect(Collectors.toCollection(LinkedHashSet::new));
        places.putAll(before.places());
        incomplete.addAll(before.incomplete());
        List<Changed> rules = view.scope().rules().stream().map(rule -> changed(rule, changed)).toList();
        Set<Path> wanted = new LinkedHashSet<>();
        for (Changed rule : rules) {
            for (Path tree : rule.trees) {
                searchLinks(tree);
                want(tree, wanted);
            }
            rule.roots.forEach(root -> want(root, wanted));
            rule.objects.forEach(path -> want(MountScope.directory(path), wanted));
            rule.objects.forEach(path -> want(path, wanted));
        }
        hardLinks.values().stream().flatMap(List::stream).forEach(file -> want(file, wanted));
        identify(wanted);
        for (int i = 0; i < rules.size(); i++) {
            enter(rules.get(i), view.words().get(i), policy.rules().get(i));
        }
        Set<Seen> known = new HashSet<>(view.known());
        known.addAll(fresh);
        MountView now = new MountView(policy, view.scope(), view.words(), known, view.added() + fresh.size(), List.copyOf(changed),
                view.scope().unmounted(mounts));
        return new CompiledPolicy(entries.table(), before.hooks(), before.ruleNames(), Collections.unmodifiableMap(places),
                before.executables(), entries.objects(), Set.copyOf(incomplete), before.absent(), before.rated(), now);
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

    /** What is gone again by now is left out. */
    private void enter(Changed changed, PolicyEntries.Word word, Rule rule) throws IOException {
        for (Path path : changed.objects) {
            if (ids.containsKey(MountScope.directory(path))) {
                object(path, word, rule);
            }
        }
        for (Path root : changed.roots) {
            if (ids.containsKey(root)) {
                tree(root, word);
            }
        }
        for (Path tree : changed.trees) {
            if (ids.containsKey(tree)) {
                tree(tree, word);
            }
            links(tree, word);
        }
    }

    private CompiledPolicy compile() throws IOException {
        resolve();
        MountScope scope = new MountScope(policy.rules().stream().map(this::reach).toList());
        identify(scope);
        EnumSet<Hook> hooks = EnumSet.noneOf(Hook.class);
        for (int i = 0; i < policy.rules().size(); i++) {
            Rule rule = policy.rules().get(i);
            enter(firstRule + i, rule);
            for (Hook hook : Hook.values()) {
                if (!hooks.contains(hook) && hook.serves(rule) && (hook != Hook.FILE_PERMISSION || policy.oldDescriptors())) {
                    hooks.add(hook);
                }
            }
        }
        // Not copied, as this is for one use, and they may hold hundreds of thousands.
        return new CompiledPolicy(entries.table(), hooks, Collections.unmodifiableMap(ruleNames), Collections.unmodifiableMap(places),
                Collections.unmodifiableMap(executables), entries.objects(), Set.copyOf(incomplete), List.copyOf(absent), Set.copyOf(rated),
                new MountView(policy, scope, List.copyOf(words), scope.seen(mounts, ids), 0, List.of(), scope.unmounted(mounts)));
    }

    private MountScope.Reach reach(Rule rule) {
        return new MountScope.Reach(rule.paths().stream().map(this::real).toList(),
                rule.fileSystems().isEmpty() ? rule.trees().stream().map(this::real).toList() : List.of(), rule.fileSystems());
    }

    /** Symbolic links out of the way: what is protected is the object, and its directories are those of its real path. */
    private void resolve() throws IOException {
        for (Rule rule : policy.rules()) {
            rule.paths().forEach(path -> resolve(path, rule.error()));
            for (Path tree : rule.trees()) {
                require(tree, rule.error());
                if (Files.exists(tree) && !Files.isDirectory(tree)) {
                    throw rule.error().apply("holds " + tree + ", which is no directory");
                }
                if (rule.fileSystems().isEmpty()) {
                    searchLinks(real(tree));
                }
            }
            rule.allow().forEach(s -> s.executable().ifPresent(path -> require(path, s::error)));
            rule.allow().forEach(s -> s.ancestor().ifPresent(path -> require(path, problem -> s.error("ancestor", problem))));
        }
    }

    private void require(Path path, Function<String, ConfigurationException> error) {
        resolve(path, error);
        required.add(real(path));
        if (absent.contains(real(path))) {
            throw error.apply("holds " + path + ", which leads to no file");
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

    /** Many places lie in few directories: each of those is resolved once. */
    private Path realPath(Path path) throws IOException {
        Path parent = path.getParent();
        Path name = path.getFileName();
        if (parent == null || name.toString().equals("..") || name.toString().equals(".")) {
            return path.toRealPath();
        }
        boolean there = true;
        try {
            if (Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isSymbolicLink()) {
                return path.toRealPath();
            }
        } catch (NoSuchFileException e) {
            there = false;
        }
        Path directory = realDirectories.get(parent);
        if (directory == null) {
            directory = parent.toRealPath();
            realDirectories.put(parent, directory);
        }
        Path real = directory.resolve(name);
        if (!there) {
            if (!Files.isDirectory(directory)) {
                throw new NotDirectoryException(directory.toString());
            }
            absent.add(real);
        }
        return real;
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
    private void identify(MountScope scope) {
        Set<Path> wanted = new LinkedHashSet<>();
        for (Path real : realPaths.values()) {
            if (real.getParent() != null) {
                want(real.getParent(), wanted);
            }
            if (!absent.contains(real)) {
                want(real, wanted);
            }
        }
        for (Map.Entry<Path, List<Path>> tree : hardLinks.entrySet()) {
            tree.getValue().forEach(file -> want(file, wanted));
            mounts.below(tree.getKey()).forEach(point -> want(point, wanted));
        }
        wanted.addAll(scope.points(mounts).values());
        identify(wanted);
    }

    private void identify(Set<Path> wanted) {
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
                if (required.contains(e.path())) {
                    throw error.apply("holds " + e.path() + ", which leads to no file");
                }
                if (!wanted.remove(e.path())) {
                    throw e;
                }
                if (error != null) {
                    absent.add(e.path());
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

    private void enter(int number, Rule rule) throws IOException {
        ruleNames.put(number, rule.name());
        int traits = (rule.mode() == Mode.ENFORCE ? PolicyEntries.ENFORCED : 0)
                | (rule.effect() == Effect.KILL ? PolicyEntries.KILLS : 0)
                | (rule.eventsPerSecond().isPresent() ? PolicyEntries.RATED : 0)
                | (rule.owner().isPresent() ? PolicyEntries.BY_OWNER : 0) | subjects(number, rule.allow());
        rule.eventsPerSecond().ifPresent(limit -> {
            entries.rate(number, limit);
            rated.add(number);
        });
        rule.owner().ifPresent(uid -> entries.owner(number, (int) uid));
        PolicyEntries.Word word = new PolicyEntries.Word(number, Operation.mask(rule.operations()) | Operation.ALWAYS, traits);
        rule.fileSystems().forEach(type -> entries.type(TypeHash.of(type), word));
        words.add(word);
        for (Path path : rule.paths()) {
            object(real(path), word, rule);
        }
        for (Path tree : rule.trees()) {
            Path root = real(tree);
            tree(root, word);
            if (!rule.fileSystems().isEmpty()) {
                continue; // all of it lies below its root, and nothing else is meant
            }
            for (Path point : mounts.below(root)) {
                if (ids.containsKey(point)) {
                    tree(point, word);
                }
            }
            links(root, word);
        }
    }

    private void links(Path tree, PolicyEntries.Word word) throws IOException {
        for (Path file : hardLinks.get(tree)) {
            if (ids.containsKey(file)) {
                self(file, word);
            }
        }
    }

    /** The file, and its name for files that come after it. The name of a mount's root is covered by the mount. */
    private void object(Path path, PolicyEntries.Word word, Rule rule) throws IOException {
        FileId id = ids.get(path);
        FileId directory = path.getParent() == null ? null : ids.get(path.getParent());
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

    private void self(Path path, PolicyEntries.Word word) throws IOException {
        FileId id = ids.get(path);
        entries.self(id, word);
        places.put(PlaceKey.of(word.rule(), id), path);
        lead(path, word);
        onDevices(id, word);
    }

    private void tree(Path root, PolicyEntries.Word word) throws IOException {
        FileId id = ids.get(root);
        entries.tree(id, word);
        places.put(PlaceKey.of(word.rule(), id), root);
        lead(root, word);
        onDevices(id, word);
    }

    /** The devices that a place lies on; once for each file system. */
    private void onDevices(FileId id, PolicyEntries.Word word) throws IOException {
        int device = (int) id.device();
        int operations = word.operations() & Operation.mask(policy.blockDevices());
        if (operations == 0 || !onDevices.add(new PlaceKey(word.rule(), device, 0))) {
            return;
        }
        devices.below(device).forEach((number, path) -> {
            entries.device(number, new PolicyEntries.Word(word.rule(), operations, word.traits()));
            places.put(new PlaceKey(word.rule(), number, 0), path);
        });
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
            Optional<FileId> executable = subject.executable().map(this::executable);
            if (!subject.plain()) {
                entries.terms(rule, SubjectTerms.of(subject, executable, subject.ancestor().map(this::executable), cgroups, boot));
                traits |= PolicyEntries.BY_TERMS;
                continue;
            }
            OptionalLong uid = subject.uid();
            if (executable.isEmpty()) {
                entries.uid(rule, (int) uid.getAsLong());
                traits |= PolicyEntries.BY_UID;
                continue;
            }
            entries.executable(rule, executable.get(), uid.isPresent() ? (int) uid.getAsLong() : PolicyEntries.ANY_UID);
            traits |= uid.isPresent() ? PolicyEntries.BY_BOTH : PolicyEntries.BY_EXECUTABLE;
        }
        return traits;
    }

    private FileId executable(Path named) {
        Path path = real(named);
        FileId id = ids.get(path);
        executables.put(ExecutableKey.of(id), path);
        return id;
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
