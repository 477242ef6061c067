// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.FileId;
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
    private static final int OBJECT = 2;
    private static final int ABOVE = 3;
    private static final int SUBJECT = 4;

    static final int SELF = 1;
    static final int TREE = 1 << 1;

    static final int ENFORCED = 1;
    static final int BY_EXECUTABLE = 1 << 1;
    static final int BY_UID = 1 << 2;
    static final int BY_BOTH = 1 << 3;

    /** What a rule brings to each of its objects. */
    record Word(int rule, int operations, int traits) {}

    private record Place(int kind, int device, long inode) {}

    private record Entry(Place place, int number, int uid, int generation, Word word, int coverage, boolean more) {}

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
    private final Map<Integer, Integer> fileSystems = new LinkedHashMap<>();

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

    private void fileSystem(FileId id, int operations) {
        fileSystems.merge(device(id), operations, (a, b) -> a | b);
    }

    private void add(Place place, int generation, Word word, int coverage) {
        places.computeIfAbsent(place, p -> new Listed(generation)).coverages.merge(word, coverage, (a, b) -> a | b);
    }

    private static int device(FileId id) {
        return (int) id.device(); // 32 bits, unsigned in the kernel
    }

    /** Protected objects and tree roots, each once. */
    long objects() {
        return places.keySet().stream().filter(p -> p.kind == OBJECT && p.inode != 0).count();
    }

    /** The whole, ready to be written. */
    Table table() {
        List<Entry> all = new ArrayList<>(subjects);
        fileSystems.forEach((device, operations) ->
                all.add(new Entry(new Place(FILESYSTEM, device, 0), 0, 0, 0, new Word(0, operations, 0), 0, false)));
        places.forEach((place, listed) -> {
            int page = 0;
            for (Map.Entry<Word, Integer> one : listed.coverages.entrySet()) {
                boolean more = page + 1 < listed.coverages.size();
                all.add(new Entry(place, page++, 0, listed.generation, one.getKey(), one.getValue(), more));
            }
        });
        ByteBuffer keys = ByteBuffer.allocate(all.size() * KEY_SIZE).order(ByteOrder.nativeOrder());
        ByteBuffer values = ByteBuffer.allocate(all.size() * VALUE_SIZE).order(ByteOrder.nativeOrder());
        for (Entry e : all) {
            keys.putInt(e.place.kind).putInt(e.number).putLong(e.place.inode).putInt(e.place.device).putInt(e.uid);
            values.putInt(e.generation).putInt(e.word.rule).putShort((short) e.word.operations).put((byte) e.coverage)
                    .put((byte) e.word.traits).putInt(e.more ? 1 : 0);
        }
        return new Table(keys.flip(), values.flip(), all.size());
    }

    /** Keys and values one after the other. */
    record Table(ByteBuffer keys, ByteBuffer values, int count) {}
}
