// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.FileId;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The very bytes that go into the kernel's map, to be looked things up in as the programs do. */
final class PolicyTable {
    /** struct file_guard_key. */
    private record Key(int kind, int number, long inode, int device, int uid) {}

    /** struct file_guard_value, of an OBJECT or ABOVE. */
    record Value(int generation, int rule, int operations, int coverage, int traits, boolean more) {}

    private final ByteBuffer values;
    private final Map<Key, Integer> offsets;

    PolicyTable(PolicyEntries.Table table) {
        ByteBuffer keys = table.keys().duplicate().order(table.keys().order());
        values = table.values().duplicate().order(table.values().order());
        offsets = HashMap.newHashMap(table.count());
        for (int i = 0; i < table.count(); i++) {
            offsets.put(new Key(keys.getInt(), keys.getInt(), keys.getLong(), keys.getInt(), keys.getInt()),
                    i * PolicyEntries.VALUE_SIZE);
        }
    }

    /** What one rule says of an object. */
    Optional<Value> object(FileId id, int page) {
        return about(PolicyEntries.OBJECT, id, page);
    }

    /** What one rule says of a directory that leads to a protected place. */
    Optional<Value> above(FileId id, int page) {
        return about(PolicyEntries.ABOVE, id, page);
    }

    /** What one rule says of a name in a directory. */
    Optional<Value> name(FileId directory, long hash, int page) {
        return Optional.ofNullable(offsets.get(new Key(PolicyEntries.NAME, page, directory.inode(), (int) directory.device(), (int) hash)))
                .map(this::value).filter(value -> value.generation() == (int) (hash >>> 32));
    }

    private Optional<Value> about(int kind, FileId id, int page) {
        return Optional.ofNullable(offsets.get(new Key(kind, page, id.inode(), (int) id.device(), 0))).map(this::value)
                .filter(value -> fits(value.generation(), id));
    }

    /** The uid that a rule is about. */
    Optional<Integer> owner(int rule) {
        return Optional.ofNullable(offsets.get(new Key(PolicyEntries.OWNER, rule, 0, 0, 0))).map(values::getInt);
    }

    /** Whether a rule lets a uid through, whatever it runs. */
    boolean lets(int rule, int uid) {
        return offsets.containsKey(new Key(PolicyEntries.SUBJECT, rule, 0, 0, uid));
    }

    /** Whether a rule lets an executable through that a uid, or {@link PolicyEntries#ANY_UID}, runs. */
    boolean lets(int rule, FileId executable, int uid) {
        Integer at = offsets.get(new Key(PolicyEntries.SUBJECT, rule, executable.inode(), (int) executable.device(), uid));
        return at != null && fits(value(at).generation(), executable);
    }

    /** The numbered term of a rule, and its place in the rule. */
    record PlacedTerm(PolicyEntries.Term term, boolean last, boolean end) {}

    /** A term of a rule, from 0. */
    Optional<PlacedTerm> term(int rule, int number) {
        return Optional.ofNullable(offsets.get(new Key(PolicyEntries.TERM, rule, number, 0, 0))).map(at -> {
            int place = values.getShort(at + 14);
            return new PlacedTerm(new PolicyEntries.Term(values.getShort(at + 12), values.getLong(at), values.getInt(at + 8)),
                    (place & PolicyEntries.LAST) != 0, (place & PolicyEntries.END) != 0);
        });
    }

    private static boolean fits(int generation, FileId id) {
        return generation == 0 || generation == id.generation();
    }

    private Value value(int at) {
        return new Value(values.getInt(at), values.getInt(at + 4), Short.toUnsignedInt(values.getShort(at + 8)), values.get(at + 10),
                values.get(at + 11), values.getInt(at + 12) != 0);
    }
}
