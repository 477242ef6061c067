// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.FileId;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A policy as the kernel's map holds it: struct file_guard_key and struct file_guard_value of file_guard.h, in the machine's
 * byte order. An object that several rules know has one entry for each, numbered from 0 and chained by {@code more}.
 */
final class PolicyEntries {
    static final int KEY_SIZE = 24;
    static final int VALUE_SIZE = 16;
    static final int ANY_UID = -1;

    private static final int FILESYSTEM = 1;
    static final int OBJECT = 2;
    static final int ABOVE = 3;
    static final int SUBJECT = 4;
    static final int TERM = 5;
    static final int NAME = 6;
    static final int DEVICE = 7;
    static final int SIEVE = 8;
    static final int OWNER = 9;
    static final int RATE = 10;
    private static final int TYPE = 11;

    static final int SELF = 1;
    static final int TREE = 1 << 1;
    static final int NAMED = 1 << 2;

    static final int ENFORCED = 1;
    static final int BY_EXECUTABLE = 1 << 1;
    static final int BY_UID = 1 << 2;
    static final int BY_BOTH = 1 << 3;
    static final int BY_TERMS = 1 << 4;
    static final int KILLS = 1 << 5;
    static final int BY_OWNER = 1 << 6;
    static final int RATED = 1 << 7;

    /** Of the last term of an entry, and of the last of a rule. */
    static final int LAST = 1;
    static final int END = 1 << 1;

    /** What a rule brings to each of its objects. */
    record Word(int rule, int operations, int traits) {}

    /** {@code name}: of a NAME the low half of its hash, else 0. */
    private record Place(int kind, int device, long inode, int name) {
        Place(int kind, int device, long inode) {
            this(kind, device, inode, 0);
        }
    }

    private record Entry(Place place, int number, int uid, int generation, Word word, int coverage, boolean more) {}

    /**
     * One thing that an entry asks for, struct file_guard_term.
     *
     * @param kind FILE_GUARD_TERM_*
     * @param more what goes with the value
     */
    record Term(int kind, long value, int more) {}

    private static final class Listed {
        private final int generation;
        private final Map<Word, Integer> coverages = new LinkedHashMap<>();

        private Listed(int generation) {
            this.generation = generation;
        }
    }

    private static final Word NONE = new Word(0, 0, 0);

    private final Map<Place, Listed> places = new LinkedHashMap<>();
    private final Set<Entry> subjects = new LinkedHashSet<>();
    /** Of which a rule has one. */
    private final List<Entry> perRule = new ArrayList<>();
    private final Map<Integer, Integer> fileSystems = new LinkedHashMap<>();
    /** By their hash, what rules for all of a type cover. */
    private final Map<Long, Integer> types = new LinkedHashMap<>();
    /** By rule, of each entry the terms. */
    private final Map<Integer, List<List<Term>>> terms = new LinkedHashMap<>();

    /** Keys and values of entries that are about no place, as they were written: see {@link #of}. */
    private final ByteArrayOutputStream keptKeys = new ByteArrayOutputStream();
    private final ByteArrayOutputStream keptValues = new ByteArrayOutputStream();

    /** What a table holds, for more places to be added: who may what, and how often it is told, stays as it is. */
    static PolicyEntries of(Table table) {
        PolicyEntries entries = new PolicyEntries();
        ByteBuffer keys = table.keys.duplicate().order(table.keys.order());
        ByteBuffer values = table.values.duplicate().order(table.values.order());
        for (int i = 0; i < table.count; i++) {
            entries.take(keys.slice(i * KEY_SIZE, KEY_SIZE).order(keys.order()), values.slice(i * VALUE_SIZE, VALUE_SIZE).order(values.order()));
        }
        return entries;
    }

    private void take(ByteBuffer key, ByteBuffer value) {
        int kind = key.getInt(0);
        Place place = new Place(kind, key.getInt(16), key.getLong(8), kind == NAME ? key.getInt(20) : 0);
        Word word = new Word(value.getInt(4), Short.toUnsignedInt(value.getShort(8)), Byte.toUnsignedInt(value.get(11)));
        switch (kind) {
            case FILESYSTEM -> {
                if (place.inode == 0) {
                    fileSystems.put(place.device, word.operations);
                } else {
                    types.put(place.inode, word.operations);
                }
            }
            case OBJECT, ABOVE, NAME, DEVICE, TYPE -> add(place, value.getInt(0), word, value.get(10));
            case SIEVE -> { } // made of the others
            default -> {
                for (int i = 0; i < KEY_SIZE; i++) {
                    keptKeys.write(key.get(i));
                }
                for (int i = 0; i < VALUE_SIZE; i++) {
                    keptValues.write(value.get(i));
                }
            }
        }
    }

    /** The object itself is protected. */
    void self(FileId id, Word word) {
        add(new Place(OBJECT, device(id), id.inode()), id.generation(), word, SELF);
        fileSystem(id, word.operations);
    }

    /** A directory and all below is protected; also whatever on its file system has lost its name. */
    void tree(FileId id, Word word) {
        add(new Place(OBJECT, device(id), id.inode()), id.generation(), word, TREE);
        add(new Place(OBJECT, device(id), 0), 0, word, TREE);
        above(id, word);
        fileSystem(id, word.operations);
    }

    /** A name in a directory is protected, whatever file has it, or none. */
    void name(FileId directory, long hash, Word word) {
        add(new Place(NAME, device(directory), directory.inode(), (int) hash), (int) (hash >>> 32), word, NAMED);
        add(new Place(OBJECT, device(directory), directory.inode()), directory.generation(), NONE, NAMED);
        fileSystem(directory, word.operations | Operation.NAMES);
    }

    /** All file systems of a type are protected, those too that are mounted later. */
    void type(long type, Word word) {
        add(new Place(TYPE, 0, type), 0, word, TREE);
        types.merge(type, word.operations | Operation.TYPED, (a, b) -> a | b);
    }

    /** Protected objects lie on this block device. */
    void device(int device, Word word) {
        add(new Place(DEVICE, device, 0), 0, word, SELF);
    }

    /** The way to a protected place leads through this directory. */
    void above(FileId id, Word word) {
        if ((word.operations & Operation.REDIRECTING) == 0) {
            return;
        }
        add(new Place(ABOVE, device(id), id.inode()), id.generation(), word, SELF);
        fileSystem(id, Operation.LEADS);
    }

    /** An executable may; {@code uid} is {@link #ANY_UID} for whoever runs it. */
    void executable(int rule, FileId id, int uid) {
        subjects.add(new Entry(new Place(SUBJECT, device(id), id.inode()), rule, uid, id.generation(), NONE, 0, false));
    }

    /** A uid may, whatever it runs. */
    void uid(int rule, int uid) {
        subjects.add(new Entry(new Place(SUBJECT, 0, 0), rule, uid, 0, NONE, 0, false));
    }

    /** A rule covers only what a uid owns. */
    void owner(int rule, int uid) {
        addOfRule(OWNER, rule, uid);
    }

    /** A rule tells so many events in a second. */
    void rate(int rule, int limit) {
        addOfRule(RATE, rule, limit);
    }

    private void addOfRule(int kind, int rule, int number) {
        perRule.add(new Entry(new Place(kind, 0, 0), rule, 0, number, NONE, 0, false));
    }

    /** The key of a rule's rate. */
    static byte[] rateKey(int rule) {
        return ByteBuffer.allocate(KEY_SIZE).order(ByteOrder.nativeOrder()).putInt(RATE).putInt(rule).array();
    }

    /** What a rule has not told, of the value at such a key. */
    static long untold(byte[] value) {
        return Integer.toUnsignedLong(ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()).getInt(12));
    }

    /** Who meets all terms may. */
    void terms(int rule, List<Term> entry) {
        terms.computeIfAbsent(rule, r -> new ArrayList<>()).add(entry);
    }

    private void fileSystem(FileId id, int operations) {
        fileSystems.merge(device(id), operations, (a, b) -> a | b);
    }

    private void add(Place place, int generation, Word word, int coverage) {
        Listed listed = places.computeIfAbsent(place, p -> new Listed(generation));
        if (listed.generation != generation && (place.kind == OBJECT || place.kind == ABOVE)) {
            // A file of this number that is gone: its file system is another one by now.
            listed = new Listed(generation);
            places.put(place, listed);
        }
        listed.coverages.merge(word, coverage, (a, b) -> a | b);
    }

    private static int device(FileId id) {
        return (int) id.device(); // 32 bits, unsigned in the kernel
    }

    /** Protected objects and tree roots, each once. */
    long objects() {
        return places.entrySet().stream().filter(p -> p.getKey().kind == OBJECT && p.getKey().inode != 0
                && p.getValue().coverages.values().stream().anyMatch(coverage -> coverage != NAMED)).count();
    }

    /** The whole, ready to be written. */
    Table table() {
        List<Entry> all = new ArrayList<>(subjects);
        all.addAll(perRule);
        fileSystems.forEach((device, operations) ->
                all.add(new Entry(new Place(FILESYSTEM, device, 0), 0, 0, 0, new Word(0, operations, 0), 0, false)));
        types.forEach((type, operations) ->
                all.add(new Entry(new Place(FILESYSTEM, 0, type), 0, 0, 0, new Word(0, operations, 0), 0, false)));
        places.forEach((place, listed) -> {
            int page = 0;
            for (Map.Entry<Word, Integer> one : listed.coverages.entrySet()) {
                boolean more = page + 1 < listed.coverages.size();
                all.add(new Entry(place, page++, 0, listed.generation, one.getKey(), one.getValue(), more));
            }
        });
        Map<Integer, PolicySieve> sieves = sieves();
        int count = keptKeys.size() / KEY_SIZE + all.size() + sieves.size() * PolicySieve.HALVES
                + terms.values().stream().flatMap(List::stream).mapToInt(List::size).sum();
        ByteBuffer keys = ByteBuffer.allocate(count * KEY_SIZE).order(ByteOrder.nativeOrder());
        ByteBuffer values = ByteBuffer.allocate(count * VALUE_SIZE).order(ByteOrder.nativeOrder());
        for (Entry e : all) {
            keys.putInt(e.place.kind).putInt(e.number).putLong(e.place.inode).putInt(e.place.device)
                    .putInt(e.place.kind == NAME ? e.place.name : e.uid);
            values.putInt(e.generation).putInt(e.word.rule).putShort((short) e.word.operations).put((byte) e.coverage)
                    .put((byte) e.word.traits).putInt(e.more ? 1 : 0);
        }
        sieves.forEach((device, sieve) -> sieve.put(device, keys, values));
        terms.forEach((rule, entries) -> put(rule, entries, keys, values));
        keys.put(keptKeys.toByteArray());
        values.put(keptValues.toByteArray());
        return new Table(keys.flip(), values.flip(), count);
    }

    /** By device. */
    private Map<Integer, PolicySieve> sieves() {
        Map<Integer, PolicySieve> sieves = new LinkedHashMap<>();
        fileSystems.keySet().forEach(device -> sieves.put(device, new PolicySieve()));
        places.keySet().stream().filter(place -> place.kind == OBJECT || place.kind == ABOVE)
                .forEach(place -> sieves.get(place.device).add(place.inode));
        return sieves;
    }

    private static void put(int rule, List<List<Term>> entries, ByteBuffer keys, ByteBuffer values) {
        long number = 0;
        for (int i = 0; i < entries.size(); i++) {
            int end = i == entries.size() - 1 ? LAST | END : LAST;
            for (int j = 0; j < entries.get(i).size(); j++) {
                Term term = entries.get(i).get(j);
                keys.putInt(TERM).putInt(rule).putLong(number++).putInt(0).putInt(0);
                values.putLong(term.value).putInt(term.more).putShort((short) term.kind)
                        .putShort((short) (j == entries.get(i).size() - 1 ? end : 0));
            }
        }
    }

    /** Keys and values one after the other. */
    record Table(ByteBuffer keys, ByteBuffer values, int count) {}
}
