// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.framework.libbpf.Handle;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.framework.libbpf.WaitSet;
import garrison.spi.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** Reads the ring through libbpf, one upcall a record: the reference for {@link DirectRing}, and what is left when mapping fails. */
final class LibbpfRing implements Ring {
    /** {@code int (*ring_buffer_sample_fn)(void *ctx, void *data, size_t size)}, pointers as plain numbers: no object a call. */
    private static final FunctionDescriptor SAMPLE = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
    /** Records a drain at most, so that it returns under a flood. */
    private static final int BATCH = 8192;
    /** What {@link #sample} answers to end a drain: libbpf takes the record as consumed and returns this number. */
    private static final int ENOUGH = -Libc.E2BIG;

    private final String name;
    private final Libbpf libbpf;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment ring;
    private final WaitSet waitSet;
    private final RingRecord record = new RingRecord();
    private Sink sink;
    private int count;

    LibbpfRing(String name, Libbpf libbpf, int fd) {
        this.name = name;
        this.libbpf = libbpf;
        try {
            MethodHandle sample = MethodHandles.lookup().findVirtual(LibbpfRing.class, "sample",
                    MethodType.methodType(int.class, long.class, long.class, long.class)).bindTo(this);
            MemorySegment stub = Linker.nativeLinker().upcallStub(sample, SAMPLE, arena);
            waitSet = new WaitSet(arena, name + "'s ring buffer", fd, Libc.EPOLLIN);
            Handle opened = libbpf.ringNew(fd, stub);
            if (opened.failed()) {
                waitSet.close();
                throw new KernelException(name + ": ring_buffer__new: " + libbpf.words(opened.errno()), opened.errno());
            }
            ring = opened.address();
        } catch (ReflectiveOperationException e) {
            arena.close();
            throw new AssertionError(e);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    @Override
    public int drain(Sink to) {
        sink = to;
        count = 0;
        record.begin();
        int result = libbpf.ringConsume(ring);
        record.end();
        if (result < 0 && result != ENOUGH) {
            throw new KernelException(name + ": ring_buffer__consume: " + libbpf.words(-result), -result);
        }
        return count;
    }

    /** Called by libbpf. Nothing may escape: it would end the JVM. */
    private int sample(long context, long address, long size) {
        try {
            record.at(address, (int) size);
            count++;
            sink.accept(record);
            return count < BATCH ? 0 : ENOUGH;
        } catch (Throwable t) {
            return -Libc.EINVAL;
        }
    }

    @Override
    public long progress() {
        return record.place();
    }

    @Override
    public void await(int millis) {
        waitSet.await(millis);
    }

    @Override
    public void wake() {
        waitSet.wake();
    }

    @Override
    public void close() {
        libbpf.ringFree(ring);
        waitSet.close();
        arena.close();
    }
}
