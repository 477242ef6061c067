// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import garrison.framework.libbpf.Libbpf;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A {@code struct bpf_object *}, and the guarantee that nobody uses it, or a file descriptor of its maps, after it is freed:
 * the number would be someone else's by then.
 */
final class ObjectHandle implements AutoCloseable {
    private final String name;
    private final Libbpf libbpf;
    private final MemorySegment object;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private Runnable afterwards = () -> { };
    private boolean closed;

    ObjectHandle(String name, Libbpf libbpf, MemorySegment object) {
        this.name = name;
        this.libbpf = libbpf;
        this.object = object;
    }

    /** Runs something that needs the object to stay; many may at once. */
    <T> T whileOpen(Supplier<T> action) {
        lock.readLock().lock();
        try {
            requireOpen();
            return action.get();
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Runs something that hands the object to libbpf, which takes one thread at a time. */
    <T> T alone(Function<MemorySegment, T> action) {
        lock.writeLock().lock();
        try {
            requireOpen();
            return action.apply(object);
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** What else is to be closed with it. */
    void closing(Runnable next) {
        alone(_ -> {
            afterwards = next;
            return null;
        });
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("BPF object " + name + " is closed");
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                libbpf.objectClose(object);
                afterwards.run();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
