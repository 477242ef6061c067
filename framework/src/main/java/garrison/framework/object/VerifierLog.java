// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import garrison.framework.libbpf.Libc;
import garrison.spi.KernelException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the kernel writes why it rejected a program. libbpf loads without a log and, when that fails, once more with this
 * one: a log from the start can fail a load (ENOSPC) that nothing is wrong with. The pages are mapped and cost nothing until
 * the kernel writes to them.
 */
final class VerifierLog implements AutoCloseable {
    private static final int BYTES = 16 << 20;
    private static final Pattern FAILED_PROGRAM = Pattern.compile("prog '([^']+)': BPF program load failed");
    private static final List<String> REMARKS = List.of("processed ", "verification time", "stack depth", "-- ", "mark_precise");

    private final long address;

    VerifierLog(Owner owner) {
        address = Libc.mmap(BYTES, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE,
                -1, 0);
        if (address < 0) {
            throw new KernelException("plugin " + owner.plugin() + ": no memory for the verifier's log: "
                    + Libc.strerror((int) -address), (int) -address);
        }
    }

    MemorySegment buffer() {
        return MemorySegment.ofAddress(address).reinterpret(BYTES);
    }

    /** What the kernel wrote; empty when it wrote nothing. */
    String text() {
        MemorySegment buffer = buffer();
        long length = 0;
        while (length < BYTES && buffer.get(ValueLayout.JAVA_BYTE, length) != 0) {
            length++;
        }
        byte[] bytes = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** The line that says why: the last one that is not the verifier's own statistics. */
    static String decisiveLine(String log) {
        return log.lines().map(String::strip).filter(line -> !line.isEmpty() && REMARKS.stream().noneMatch(line::startsWith))
                .reduce("", (before, line) -> line);
    }

    /** The program that libbpf says was refused; empty when no program was. */
    static String failedProgram(List<String> warnings) {
        for (String warning : warnings) {
            Matcher matcher = FAILED_PROGRAM.matcher(warning);
            if (matcher.find()) {
                return matcher.group(1);
            }
        }
        return "";
    }

    @Override
    public void close() {
        Libc.munmap(address, BYTES);
    }
}
