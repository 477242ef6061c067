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

/** Looks up what a policy's paths lead to, all of them in one question to the kernel, and lays the entries out. For one use. */
final class PolicyCompiler {
    private final Policy policy;
    private final Mounts mounts;
    private final int firstRule;
    private final Instant boot;
    private final Cgroups cgroups;
    private final PlaceIds ids;
    private final PolicyEntries entries = new PolicyEntries();
    private final PlaceEntries places;
    private final Map<Integer, String> ruleNames = new HashMap<>();
    private final Set<Integer> rated = new HashSet<>();
    private final Map<ExecutableKey, Path> executables = new HashMap<>();
    private final List<PolicyEntries.Word> words = new ArrayList<>();

    private PolicyCompiler(Policy policy, FileIds files, Mounts mounts, int firstRule, Instant boot) {
        this.policy = policy;
        this.mounts = mounts;
        this.firstRule = firstRule;
        this.boot = boot;
        cgroups = Cgroups.of(mounts);
        ids = new PlaceIds(files);
        places = new PlaceEntries(policy, mounts, ids, entries);
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
            return new PolicyCompiler(policy, files, Mounts.now(), firstRule, boot).compile();
        } catch (IOException e) {
            throw new GarrisonException("file-guard: looking at the protected files failed: " + e, e);
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
        return new CompiledPolicy(entries.table(), hooks, Collections.unmodifiableMap(ruleNames), Collections.unmodifiableMap(places.places()),
                Collections.unmodifiableMap(executables), entries.objects(), Set.copyOf(places.incomplete()), List.copyOf(ids.absent()),
                Set.copyOf(rated), new MountView(policy, scope, List.copyOf(words), scope.seen(mounts, ids.all()), 0, List.of(),
                        scope.unmounted(mounts)));
    }

    private MountScope.Reach reach(Rule rule) {
        return new MountScope.Reach(rule.paths().stream().map(ids::real).toList(),
                rule.fileSystems().isEmpty() ? rule.trees().stream().map(ids::real).toList() : List.of(), rule.fileSystems());
    }

    /** Symbolic links out of the way: what is protected is the object, and its directories are those of its real path. */
    private void resolve() throws IOException {
        for (Rule rule : policy.rules()) {
            rule.paths().forEach(path -> ids.resolve(path, rule.error()));
            for (Path tree : rule.trees()) {
                ids.require(tree, rule.error());
                if (Files.exists(tree) && !Files.isDirectory(tree)) {
                    throw rule.error().apply("holds " + tree + ", which is no directory");
                }
                if (rule.fileSystems().isEmpty()) {
                    places.searchLinks(ids.real(tree));
                }
            }
            rule.allow().forEach(s -> s.executable().ifPresent(path -> ids.require(path, s::error)));
            rule.allow().forEach(s -> s.ancestor().ifPresent(path -> ids.require(path, problem -> s.error("ancestor", problem))));
        }
    }

    /** One question for all files. */
    private void identify(MountScope scope) {
        Set<Path> wanted = new LinkedHashSet<>();
        ids.wantResolved(wanted);
        places.wantLinks(wanted);
        places.searched().forEach(tree -> mounts.below(tree).forEach(point -> PlaceIds.want(point, wanted)));
        wanted.addAll(scope.points(mounts).values());
        ids.identify(wanted);
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
            places.object(ids.real(path), word, rule);
        }
        for (Path tree : rule.trees()) {
            Path root = ids.real(tree);
            places.tree(root, word);
            if (!rule.fileSystems().isEmpty()) {
                continue; // all of it lies below its root, and nothing else is meant
            }
            for (Path point : mounts.below(root)) {
                places.tree(point, word);
            }
            places.links(root, word);
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
        Path path = ids.real(named);
        FileId id = ids.id(path);
        executables.put(ExecutableKey.of(id), path);
        return id;
    }
}
