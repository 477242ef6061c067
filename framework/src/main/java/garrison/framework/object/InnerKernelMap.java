// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.spi.BpfMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/** A map that belongs to nobody but whoever holds it: its descriptor is its own. */
final class InnerKernelMap extends KernelMap implements BpfMap.InnerMap {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    InnerKernelMap(Libbpf libbpf, Owner owner, MapSpec spec, int fd) {
        super(libbpf, owner, null, spec, fd);
    }

    @Override
    <T> T whileOpen(Supplier<T> action) {
        lock.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("map " + name() + " is closed");
            }
            return action.get();
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                Libc.close(fd());
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
