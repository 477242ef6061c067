// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import static garrison.framework.libbpf.NativeCall.at;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * libbpf's own words about what it does on this thread, from {@link #begin} to {@link #close}: they go into the errors that
 * we throw. libbpf prints on the thread that called it, so the current collector is bound to the thread.
 */
public final class LibbpfLog implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger("garrison.libbpf");
    private static final int WARN = 0;
    private static final int DEBUG = 2;
    private static final int LINE_BYTES = 8 << 10;
    private static final int MAX_LINES = 200;

    private static final ThreadLocal<LibbpfLog> CURRENT = new ThreadLocal<>();
    private static final MemorySegment VSNPRINTF = NativeCall.libc("vsnprintf");

    /**
     * The callback for {@code libbpf_set_print}. libbpf keeps it for as long as it is loaded, and other threads may be
     * inside it at any time, so it is never freed: one a class loader.
     */
    static final MemorySegment CALLBACK = callback();

    private final List<String> warnings = new ArrayList<>();
    private final LibbpfLog outer;

    private LibbpfLog(LibbpfLog outer) {
        this.outer = outer;
    }

    /** Begins to collect on this thread. */
    public static LibbpfLog begin() {
        LibbpfLog log = new LibbpfLog(CURRENT.get());
        CURRENT.set(log);
        return log;
    }

    /** The warnings so far, one a line, without libbpf's own prefix. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** The warnings as the end of an error message; empty when there are none. */
    public String appendix() {
        return warnings.isEmpty() ? "" : "; libbpf: " + String.join("; ", warnings);
    }

    /** Ends collecting on this thread. */
    @Override
    public void close() {
        if (outer == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(outer);
        }
    }

    private static MemorySegment callback() {
        try {
            MethodHandle print = MethodHandles.lookup().findStatic(LibbpfLog.class, "print",
                    MethodType.methodType(int.class, int.class, long.class, long.class));
            return Linker.nativeLinker().upcallStub(print, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
                    Arena.global());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * {@code int print(enum libbpf_print_level level, const char *format, va_list arguments)}. A va_list arrives as a pointer
     * (x86-64, arm64) and may be walked once. Both pointers come as plain numbers: libbpf has thousands of lines for debugging to
     * tell when it opens an object, and two objects for each that nobody wants is most of what they cost. Whatever escaped from
     * here would end the JVM, hence the catch.
     */
    private static int print(int level, long format, long arguments) {
        try {
            if (level >= DEBUG && !LOGGER.isTraceEnabled()) {
                return 0;
            }
            try (Arena scratch = Arena.ofConfined()) {
                MemorySegment line = scratch.allocate(LINE_BYTES);
                int length = (int) NativeCall.plain(VSNPRINTF, at(line), LINE_BYTES, format, arguments, 0, 0);
                accept(level, new String(line.asSlice(0, Math.clamp(length, 0, LINE_BYTES - 1))
                        .toArray(JAVA_BYTE), StandardCharsets.UTF_8).strip());
                return length;
            }
        } catch (Throwable t) {
            return lost(t);
        }
    }

    private static void accept(int level, String line) {
        if (level >= DEBUG) {
            LOGGER.trace(line);
            return;
        }
        LOGGER.debug(line);
        LibbpfLog log = CURRENT.get();
        if (level == WARN && log != null && log.warnings.size() < MAX_LINES) {
            log.warnings.add(line.startsWith("libbpf: ") ? line.substring(8) : line);
        }
    }

    /** A line that could not be logged is the least of the troubles now; the call itself reports its own result. */
    private static int lost(Throwable t) {
        LibbpfLog log = CURRENT.get();
        if (log != null && log.warnings.size() < MAX_LINES) {
            log.warnings.add("(a line was lost: " + t.getClass().getName() + ")");
        }
        return 0;
    }
}
