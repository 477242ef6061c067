// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.FileId;
import garrison.spi.FileIds;
import garrison.spi.GarrisonException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * Asks a compiled policy what guard_judge of file_guard_walk.bpf.h asks it, in the same order: the object, then the directories
 * above it, of each all pages; at last whether it leads to a protected place.
 */
final class Judge {
    /** One rule's word on an act: it covers it, at a place on the way. */
    record Word(int rule, int traits, Path place) {
        boolean enforced() {
            return (traits & PolicyEntries.ENFORCED) != 0;
        }

        boolean kills() {
            return (traits & PolicyEntries.KILLS) != 0;
        }
    }

    /**
     * Someone as the programs know him.
     *
     * @param ancestor what a process above runs
     * @param cgroups the ids of his cgroup and those above it, by level
     * @param now when he acts, ns of the clock that the policy was compiled by
     */
    record Identity(Optional<FileId> executable, Optional<FileId> ancestor, Actor actor, List<Long> cgroups, long now) {
        /** @throws GarrisonException if the executable is no file, or the cgroup none */
        static Identity of(Actor actor, FileIds files, Cgroups hierarchy, Instant now) {
            List<Long> cgroups = actor.cgroup().map(hierarchy::ids).orElse(List.of());
            if (actor.cgroup().isPresent() && cgroups.isEmpty()) {
                throw new GarrisonException("nobody is in cgroup " + actor.cgroup().get() + ": there is none below " + hierarchy.place());
            }
            try {
                return new Identity(actor.executable().map(path -> files.identify(List.of(path)).getFirst()),
                        actor.ancestor().map(path -> files.identify(List.of(path)).getFirst()), actor, cgroups,
                        Duration.between(Instant.EPOCH, now).toNanos());
            } catch (FileIds.FileNotFound e) {
                throw new GarrisonException("nobody runs " + e.path() + ": there is no such file", e);
            }
        }
    }

    private final PolicyTable table;

    Judge(PolicyTable table) {
        this.table = table;
    }

    /** All that the policy says of an act, in the order in which a program meets it. */
    List<Word> words(Way way, Act act) {
        List<Word> words = new ArrayList<>();
        // What is to be made is asked of its directory.
        boolean fresh = way.absent() && act == Act.CREATE;
        boolean known = false;
        for (int level = fresh ? 1 : 0; level < way.ids().size(); level++) {
            FileId id = way.ids().get(level);
            boolean self = level == (fresh ? 1 : 0) && !way.below();
            Masks masks = new Masks(self ? act.onSelf() : 0, self ? act.onSelf() : act.onTree(),
                    level == 1 && !way.below() ? act.onName(known || fresh) : 0);
            boolean itself = collect(id, masks, way, level, words);
            known |= self && itself;
        }
        words.removeIf(word -> !owned(word, way));
        if (act.onAbove() != 0 && !way.below()) {
            pages(page -> table.above(way.ids().getFirst(), page), value -> add(value, act.onAbove(), way.object(), words));
        }
        return words;
    }

    /** As guard_is_owned; whose what does not exist is, or what lies below, is not known: it may be meant. */
    private boolean owned(Word word, Way way) {
        return (word.traits & PolicyEntries.BY_OWNER) == 0 || way.owner().isEmpty()
                || table.owner(word.rule).filter(uid -> uid != (int) way.owner().getAsLong()).isEmpty();
    }

    /** What is asked of an object that a rule knows itself, of a tree's root, and of the name that the walk came by. */
    private record Masks(int onSelf, int onTree, int onName) {}

    /** Whether a rule knows the object itself. A directory's own entries are interrupted for those of the name in it. */
    private boolean collect(FileId id, Masks masks, Way way, int level, List<Word> words) {
        boolean[] known = {false};
        Path place = way.names().get(level);
        pages(page -> table.object(id, page), value -> {
            boolean self = (value.coverage() & PolicyEntries.SELF) != 0;
            known[0] |= self;
            add(value, (self ? masks.onSelf : 0) | ((value.coverage() & PolicyEntries.TREE) != 0 ? masks.onTree : 0), place, words);
            if ((value.coverage() & PolicyEntries.NAMED) != 0 && masks.onName != 0) {
                Path name = way.names().get(level - 1);
                long hash = NameHash.of(name.getFileName().toString().getBytes(StandardCharsets.UTF_8));
                pages(page -> table.name(id, hash, page), named -> add(named, masks.onName, name, words));
            }
        });
        return known[0];
    }

    private static void add(PolicyTable.Value value, int mask, Path place, List<Word> words) {
        if ((value.operations() & mask) != 0) {
            words.add(new Word(value.rule(), value.traits(), place));
        }
    }

    private static void pages(IntFunction<Optional<PolicyTable.Value>> pages, Consumer<PolicyTable.Value> each) {
        Optional<PolicyTable.Value> value = pages.apply(0);
        for (int page = 1; value.isPresent(); page++) {
            each.accept(value.get());
            value = value.get().more() ? pages.apply(page) : Optional.empty();
        }
    }

    /** Whether a rule lets someone through. */
    boolean lets(Word word, Identity who) {
        return byKey(word, who) || (word.traits & PolicyEntries.BY_TERMS) != 0 && byTerms(word.rule, who);
    }

    /** As guard_term_step: entry by entry, until all terms of one hold. */
    private boolean byTerms(int rule, Identity who) {
        boolean failed = false;
        Optional<PolicyTable.PlacedTerm> placed = table.term(rule, 0);
        for (int number = 1; placed.isPresent(); number++) {
            failed |= !holds(placed.get().term(), who);
            if (placed.get().last()) {
                if (!failed) {
                    return true;
                }
                failed = false;
            }
            placed = placed.get().end() ? Optional.empty() : table.term(rule, number);
        }
        return false;
    }

    private static boolean holds(PolicyEntries.Term term, Identity who) {
        return switch (term.kind()) {
            case SubjectTerms.EXECUTABLE -> isFile(who.executable, term);
            case SubjectTerms.GENERATION -> isGeneration(who.executable, term);
            case SubjectTerms.ANCESTOR -> isFile(who.ancestor, term);
            case SubjectTerms.ANCESTOR_GENERATION -> isGeneration(who.ancestor, term);
            case SubjectTerms.UID -> who.actor.uid().isPresent() && who.actor.uid().getAsLong() == term.value();
            case SubjectTerms.GID -> who.actor.gid().isPresent() && who.actor.gid().getAsLong() == term.value();
            case SubjectTerms.CGROUP -> term.more() < who.cgroups.size() && who.cgroups.get(term.more()) == term.value();
            case SubjectTerms.VERITY_ALGORITHM -> who.actor.verity().filter(digest -> digest.algorithm().number() == term.value()).isPresent();
            case SubjectTerms.VERITY_WORD -> who.actor.verity().map(VerityDigest::words)
                    .filter(words -> term.more() < words.length && words[term.more()] == term.value()).isPresent();
            case SubjectTerms.UNTIL -> who.now < term.value();
            default -> false;
        };
    }

    private static boolean isFile(Optional<FileId> program, PolicyEntries.Term term) {
        return program.filter(id -> id.inode() == term.value() && (int) id.device() == term.more()).isPresent();
    }

    private static boolean isGeneration(Optional<FileId> program, PolicyEntries.Term term) {
        return program.filter(id -> Integer.toUnsignedLong(id.generation()) == term.value()).isPresent();
    }

    /** An executable, a uid, or an executable run by a uid. */
    private boolean byKey(Word word, Identity who) {
        Optional<Integer> uid = who.actor.uid().isPresent() ? Optional.of((int) who.actor.uid().getAsLong()) : Optional.empty();
        if ((word.traits & PolicyEntries.BY_UID) != 0 && uid.isPresent() && table.lets(word.rule, uid.get())) {
            return true;
        }
        if (who.executable.isEmpty()) {
            return false;
        }
        FileId executable = who.executable.get();
        return (word.traits & PolicyEntries.BY_EXECUTABLE) != 0 && table.lets(word.rule, executable, PolicyEntries.ANY_UID)
                || (word.traits & PolicyEntries.BY_BOTH) != 0 && uid.isPresent() && table.lets(word.rule, executable, uid.get());
    }
}
