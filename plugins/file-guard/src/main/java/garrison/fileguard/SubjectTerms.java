// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.fileguard.PolicyEntries.Term;
import garrison.spi.FileId;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What an entry asks for, as the terms that a program goes through. */
final class SubjectTerms {
    static final int EXECUTABLE = 1;
    static final int GENERATION = 2;
    static final int UID = 3;
    static final int GID = 4;
    static final int CGROUP = 5;
    static final int UNTIL = 6;
    static final int ANCESTOR = 7;
    static final int ANCESTOR_GENERATION = 8;
    static final int VERITY_ALGORITHM = 9;
    static final int VERITY_WORD = 10;

    private SubjectTerms() {}

    /**
     * The terms of one entry.
     *
     * @param executable the file of the entry's executable
     * @param ancestor that of its ancestor
     * @param boot when the boot clock began
     * @throws garrison.spi.ConfigurationException if there is no such cgroup
     */
    static List<Term> of(Subject subject, Optional<FileId> executable, Optional<FileId> ancestor, Cgroups cgroups, Instant boot) {
        List<Term> terms = new ArrayList<>();
        executable.ifPresent(id -> program(id, EXECUTABLE, GENERATION, terms));
        subject.uid().ifPresent(id -> terms.add(new Term(UID, id, 0)));
        subject.gid().ifPresent(id -> terms.add(new Term(GID, id, 0)));
        subject.cgroup().ifPresent(path -> terms.add(cgroup(subject, path, cgroups)));
        ancestor.ifPresent(id -> program(id, ANCESTOR, ANCESTOR_GENERATION, terms));
        subject.verity().ifPresent(digest -> digest(digest, terms));
        // What ended before the machine started never holds.
        subject.until().ifPresent(end -> terms.add(new Term(UNTIL, Math.max(0, Duration.between(boot, end).toNanos()), 0)));
        return List.copyOf(terms);
    }

    private static void program(FileId id, int file, int generation, List<Term> terms) {
        terms.add(new Term(file, id.inode(), (int) id.device()));
        if (id.generation() != 0) {
            terms.add(new Term(generation, Integer.toUnsignedLong(id.generation()), 0));
        }
    }

    private static void digest(VerityDigest digest, List<Term> terms) {
        terms.add(new Term(VERITY_ALGORITHM, digest.algorithm().number(), 0));
        long[] words = digest.words();
        for (int i = 0; i < words.length; i++) {
            terms.add(new Term(VERITY_WORD, words[i], i));
        }
    }

    private static Term cgroup(Subject subject, Path path, Cgroups cgroups) {
        List<Long> ids = cgroups.ids(path);
        if (ids.isEmpty()) {
            throw subject.written().error("cgroup", "is " + path + ", which is no cgroup below " + cgroups.place(),
                    "name one that exists; one that is made anew is another");
        }
        return new Term(CGROUP, ids.getLast(), ids.size() - 1);
    }
}
