// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** libbpf's consumer with a callback in C (src/main/c/ring_consumer.c). It takes the time itself: one call a drain. */
final class CConsumer {
    private final MethodHandle open;
    private final MethodHandle drain;
    private final MethodHandle free;

    CConsumer(Path library) {
        SymbolLookup symbols = SymbolLookup.libraryLookup(library.toAbsolutePath(), Arena.global());
        Linker linker = Linker.nativeLinker();
        open = linker.downcallHandle(symbols.findOrThrow("ring_consumer_new"),
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        drain = linker.downcallHandle(symbols.findOrThrow("ring_consumer_drain"),
                FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        free = linker.downcallHandle(symbols.findOrThrow("ring_consumer_free"), FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
    }

    /**
     * @param map a ring buffer's descriptor
     * @param dispatched whether the callback looks at type and length first
     */
    MemorySegment open(int map, boolean dispatched) throws Throwable {
        MemorySegment ring = (MemorySegment) open.invokeExact(map, dispatched ? 1 : 0);
        if (ring.address() == 0) {
            throw new IllegalStateException("ring_buffer__new failed");
        }
        return ring;
    }

    /** Nanoseconds to drain it. */
    long drain(MemorySegment ring, int records) throws Throwable {
        long nanos = (long) drain.invokeExact(ring, records);
        if (nanos < 0) {
            throw new IllegalStateException("the C consumer did not take " + records + " records");
        }
        return nanos;
    }

    void close(MemorySegment ring) throws Throwable {
        free.invokeExact(ring);
    }
}
