// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.spi.BpfMap;
import garrison.spi.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Supplier;

/** A map by its file descriptor. The object that owns the descriptor is held open during each call. */
class KernelMap implements BpfMap {
    private static final int MAP_CREATE_OPTIONS = 48;
    private static final long MAP_CREATE_FLAGS = 28;

    private final Libbpf libbpf;
    private final Owner owner;
    private final ObjectHandle handle;
    private final MapSpec spec;
    private final int fd;

    KernelMap(Libbpf libbpf, Owner owner, ObjectHandle handle, MapSpec spec, int fd) {
        this.libbpf = libbpf;
        this.owner = owner;
        this.handle = handle;
        this.spec = spec;
        this.fd = fd;
    }

    int fd() {
        return fd;
    }

    /** Runs a call during which the descriptor stays ours. */
    <T> T whileOpen(Supplier<T> action) {
        return handle.whileOpen(action);
    }

    @Override
    public String name() {
        return spec.name();
    }

    @Override
    public int keySize() {
        return spec.keySize();
    }

    @Override
    public int valueSize() {
        return spec.valueSize();
    }

    @Override
    public int maxEntries() {
        return spec.maxEntries();
    }

    /** Bytes that one value takes in a system call. */
    private int wireSize() {
        return MapType.perCpu(spec.type()) ? (spec.valueSize() + 7 & ~7) * libbpf.possibleCpus() : spec.valueSize();
    }

    @Override
    public Optional<byte[]> lookup(byte[] key) {
        checkKey(key);
        return whileOpen(() -> {
            try (Arena scratch = Arena.ofConfined()) {
                MemorySegment value = scratch.allocate(wireSize(), 8);
                int result = libbpf.mapLookup(fd, scratch.allocateFrom(JAVA_BYTE, key), value);
                if (result == -Libc.ENOENT) {
                    return Optional.empty();
                }
                check(result, "look up an entry of");
                return Optional.of(value.toArray(JAVA_BYTE));
            }
        });
    }

    @Override
    public void update(byte[] key, byte[] value) {
        checkKey(key);
        if (value.length != wireSize()) {
            throw new IllegalArgumentException("map " + name() + ": a value of " + value.length + " bytes; it takes "
                    + wireSize());
        }
        whileOpen(() -> {
            try (Arena scratch = Arena.ofConfined()) {
                return check(libbpf.mapUpdate(fd, scratch.allocateFrom(JAVA_BYTE, key),
                        scratch.allocateFrom(JAVA_BYTE, value), 0), "update");
            }
        });
    }

    @Override
    public void updateAll(ByteBuffer keys, ByteBuffer values, int count) {
        if (count < 0 || (long) count * keySize() > keys.capacity() || (long) count * wireSize() > values.capacity()) {
            throw new IllegalArgumentException("map " + name() + ": " + count + " entries of " + keySize() + " + " + wireSize()
                    + " bytes are not in buffers of " + keys.capacity() + " and " + values.capacity());
        }
        if (count == 0) {
            return;
        }
        whileOpen(() -> {
            try (Arena scratch = Arena.ofConfined()) {
                MemorySegment nativeKeys = copy(scratch, keys, (long) count * keySize());
                MemorySegment nativeValues = copy(scratch, values, (long) count * wireSize());
                MemorySegment done = scratch.allocateFrom(JAVA_INT, count);
                int result = libbpf.mapUpdateBatch(fd, nativeKeys, nativeValues, done);
                if (result == -Libbpf.ENOTSUPP || result == -Libc.ENOTSUP || result == -Libc.EINVAL) {
                    return updateEach(nativeKeys, nativeValues, count);
                }
                return checkMany(result, done.get(JAVA_INT, 0), count);
            }
        });
    }

    private int updateEach(MemorySegment keys, MemorySegment values, int count) {
        for (int i = 0; i < count; i++) {
            int result = libbpf.mapUpdate(fd, keys.asSlice((long) i * keySize(), keySize()),
                    values.asSlice((long) i * wireSize(), wireSize()), 0);
            checkMany(result, i, count);
        }
        return count;
    }

    private int checkMany(int result, int done, int count) {
        return check(result, "put entry " + (done + 1) + " of " + count + " into");
    }

    private static MemorySegment copy(Arena scratch, ByteBuffer from, long bytes) {
        MemorySegment source = MemorySegment.ofBuffer(from.duplicate().clear());
        MemorySegment copy = scratch.allocate(Math.max(bytes, 1), 8);
        return copy.copyFrom(source.asSlice(0, bytes));
    }

    @Override
    public boolean delete(byte[] key) {
        checkKey(key);
        return whileOpen(() -> {
            try (Arena scratch = Arena.ofConfined()) {
                int result = libbpf.mapDelete(fd, scratch.allocateFrom(JAVA_BYTE, key));
                if (result == -Libc.ENOENT) {
                    return false;
                }
                check(result, "delete an entry of");
                return true;
            }
        });
    }

    @Override
    public InnerMap createInner(int entries) {
        MapSpec inner = spec.inner().orElseThrow(() ->
                new IllegalStateException("map " + name() + " is no map of maps"));
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment options = scratch.allocate(MAP_CREATE_OPTIONS, 8);
            options.set(JAVA_LONG, 0, MAP_CREATE_OPTIONS);
            options.set(JAVA_INT, MAP_CREATE_FLAGS, inner.flags());
            String shortName = name().length() > 15 ? name().substring(0, 15) : name();
            int created = libbpf.mapCreate(inner.type(), scratch.allocateFrom(shortName), inner.keySize(), inner.valueSize(),
                    entries, options);
            check(created, "create an inner map of " + entries + " entries for");
            return new InnerKernelMap(libbpf, owner, new MapSpec(name() + ".inner", inner.type(), inner.keySize(),
                    inner.valueSize(), entries, inner.flags(), inner.inner()), created);
        }
    }

    @Override
    public void updateInner(byte[] key, InnerMap inner) {
        if (spec.inner().isEmpty()) {
            throw new IllegalStateException("map " + name() + " is no map of maps");
        }
        if (!(inner instanceof InnerKernelMap map)) {
            throw new IllegalArgumentException("map " + name() + ": the inner map is not one of createInner");
        }
        checkKey(key);
        map.whileOpen(() -> whileOpen(() -> {
            try (Arena scratch = Arena.ofConfined()) {
                return check(libbpf.mapUpdate(fd, scratch.allocateFrom(JAVA_BYTE, key),
                        scratch.allocateFrom(JAVA_INT, map.fd()), 0), "put an inner map into");
            }
        }));
    }

    private void checkKey(byte[] key) {
        if (key.length != keySize()) {
            throw new IllegalArgumentException("map " + name() + ": a key of " + key.length + " bytes; it takes " + keySize());
        }
    }

    private int check(int result, String action) {
        if (result < 0) {
            String full = result == -Libc.E2BIG ? "; it holds at most " + maxEntries() + " entries" : "";
            throw new KernelException("plugin " + owner.plugin() + ": cannot " + action + " map " + name() + " on kernel "
                    + owner.kernelRelease() + ": " + libbpf.words(result) + " (errno " + -result + ")" + full, -result);
        }
        return result;
    }
}
