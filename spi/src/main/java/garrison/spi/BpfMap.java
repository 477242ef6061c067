// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A loaded map. Keys and values are bytes in the machine's own order ({@link java.nio.ByteOrder#nativeOrder()}), with
 * the sizes the map declares. Safe for use by several threads: each call is one system call.
 */
@ProviderType
public interface BpfMap {
    /** The name in the object. */
    String name();

    /** Key size in bytes; 0 for a ring buffer. */
    int keySize();

    /** Value size in bytes, of one CPU for a per-CPU map. */
    int valueSize();

    /** The most entries it can hold; bytes for a ring buffer. */
    int maxEntries();

    /**
     * Copies out one value; for a per-CPU map the values of all possible CPUs, each padded to 8 bytes.
     *
     * @throws KernelException on any errno but ENOENT
     * @throws IllegalArgumentException if the key's length is not {@link #keySize()}
     */
    Optional<byte[]> lookup(byte[] key);

    /**
     * Creates or replaces one entry.
     *
     * @throws KernelException with E2BIG when the map is full
     */
    void update(byte[] key, byte[] value);

    /**
     * Creates or replaces many entries with as few system calls as the kernel allows (one on 5.6 and later).
     *
     * @param keys {@code count} keys one after the other, from position 0
     * @param values {@code count} values one after the other, from position 0
     * @param count entries; 0 does nothing
     * @throws KernelException naming how many were done, when one fails
     */
    void updateAll(ByteBuffer keys, ByteBuffer values, int count);

    /** Removes one entry: false if there was none. */
    boolean delete(byte[] key);

    /**
     * Creates a map that fits into this map of maps: same type, key and value as the inner map the object declares.
     *
     * @param entries its size
     * @throws IllegalStateException if this is not a map of maps
     */
    InnerMap createInner(int entries);

    /**
     * Puts an inner map in place, as one step: a program sees either the old or the new one, whole.
     *
     * @param key where
     * @param inner from {@link #createInner}; may be closed afterwards, the outer map keeps it
     */
    void updateInner(byte[] key, InnerMap inner);

    /** An inner map. Closing gives up this process's hold on it, not the outer map's. */
    @ProviderType
    interface InnerMap extends BpfMap, AutoCloseable {
        @Override
        void close();
    }
}
