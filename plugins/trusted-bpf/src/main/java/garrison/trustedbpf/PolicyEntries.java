// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.FileId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The kernel's tables: struct trusted_bpf_key and _value, struct trusted_bpf_file and _signature of trusted_bpf.h, in the
 * machine's byte order. Entries of the same key become one.
 */
final class PolicyEntries {
    private static final int KEY_SIZE = 24;
    private static final int VALUE_SIZE = 32;
    private static final int FILE_SIZE = 16;
    private static final int SIGNATURE_SIZE = 1064;
    private static final int KEYRINGS = 1;
    private static final int EXCEPTION = 2;
    private static final int DIGEST_REVOKED = 3;
    private static final int MINIMUM = 4;
    private static final int GUARDED_KEY = 5;
    private static final int AUDITED = 6;
    private static final int TOKEN_LIMIT = 7;
    private static final int ANY_UID = -1;
    private static final int OWN_FILE = 1;
    private static final int OWN_PROGRAM = 2;

    /** Keys and values one after the other. */
    record Table(ByteBuffer keys, ByteBuffer values, int count) {}

    private record Key(long inode, int kind, int device, int uid, int more) {}

    private record Value(long bits, int generation, int good, int expired, int revoked, int interpreters, int minimum) {
        static Value of(long bits, int generation) {
            return new Value(bits, generation, 0, 0, 0, 0, 0);
        }
    }

    private final Map<Key, Value> entries = new LinkedHashMap<>();
    private final Map<FileId, byte[]> signatures = new LinkedHashMap<>();

    /** Serials; 0 for none. */
    void keyrings(int good, int expired, int revoked, int interpreters) {
        entries.put(new Key(0, KEYRINGS, 0, 0, 0), new Value(0, 0, good, expired, revoked, interpreters, 0));
    }

    /** At least 20 bytes, of which the first 20 count. */
    void revoked(byte[] digest) {
        entries.put(keyOf(DIGEST_REVOKED, digest), Value.of(0, 0));
    }

    /**
     * The least version that is trusted.
     *
     * @param name at most 20 bytes; empty for all names that have no entry
     */
    void minimum(String name, long version) {
        byte[] padded = Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), MinimumVersions.NAME);
        entries.put(keyOf(MINIMUM, padded), new Value(0, 0, 0, 0, 0, 0, (int) version));
    }

    /** Which operations of keyctl(2) are refused to others on a key, by bits. */
    void guard(int serial, long operations) {
        entries.put(new Key(Integer.toUnsignedLong(serial), GUARDED_KEY, 0, 0, 0), Value.of(operations, 0));
    }

    /** What is told of, and not refused. */
    void auditOnly(long bits) {
        entries.put(new Key(0, AUDITED, 0, 0, 0), Value.of(bits, 0));
    }

    /** What a token may delegate of a kind. */
    void tokenLimit(TokenLimits.Kind kind, long bits) {
        entries.put(new Key(0, TOKEN_LIMIT, 0, 0, kind.ordinal()), Value.of(bits, 0));
    }

    private static Key keyOf(int kind, byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        return new Key(in.getLong(), kind, in.getInt(), in.getInt(), in.getInt());
    }

    void exception(Optional<FileId> executable, OptionalLong uid, long allowed) {
        Key key = new Key(executable.map(FileId::inode).orElse(0L), EXCEPTION, executable.map(id -> (int) id.device()).orElse(0),
                uid.isPresent() ? (int) uid.getAsLong() : ANY_UID, 0);
        int generation = executable.map(FileId::generation).orElse(0);
        entries.merge(key, Value.of(allowed, generation), (a, b) -> Value.of(a.bits | b.bits, generation));
    }

    void listed(FileId file, byte[] signature) {
        signatures.put(file, signature);
    }

    /** A struct trusted_bpf_file. */
    static byte[] file(FileId id) {
        return put(room(FILE_SIZE), id).array();
    }

    private static ByteBuffer put(ByteBuffer to, FileId id) {
        return to.putLong(id.inode()).putInt((int) id.device()).putInt(id.generation());
    }

    /** Entries of the map own_files: the program, and all the others. A file under several names is one entry. */
    static Table own(FileId program, List<FileId> files) {
        Set<FileId> others = new LinkedHashSet<>(files);
        others.remove(program);
        ByteBuffer keys = room((1 + others.size()) * FILE_SIZE);
        ByteBuffer values = room((1 + others.size()) * Integer.BYTES);
        put(keys, program);
        values.putInt(OWN_PROGRAM);
        for (FileId id : others) {
            put(keys, id);
            values.putInt(OWN_FILE);
        }
        return new Table(keys.flip(), values.flip(), 1 + others.size());
    }

    Table policy() {
        ByteBuffer keys = room(entries.size() * KEY_SIZE);
        ByteBuffer values = room(entries.size() * VALUE_SIZE);
        entries.forEach((key, value) -> {
            keys.putLong(key.inode).putInt(key.kind).putInt(key.device).putInt(key.uid).putInt(key.more);
            values.putLong(value.bits).putInt(value.generation).putInt(value.good).putInt(value.expired).putInt(value.revoked)
                    .putInt(value.interpreters).putInt(value.minimum);
        });
        return new Table(keys.flip(), values.flip(), entries.size());
    }

    Table listed() {
        ByteBuffer keys = room(signatures.size() * FILE_SIZE);
        ByteBuffer values = room(signatures.size() * SIGNATURE_SIZE);
        signatures.forEach((file, signature) -> {
            put(keys, file);
            values.putInt(signature.length).putInt(0).put(Arrays.copyOf(signature, SIGNATURE_SIZE - 2 * Integer.BYTES));
        });
        return new Table(keys.flip(), values.flip(), signatures.size());
    }

    private static ByteBuffer room(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }
}
