// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** The kernel's page size, from the auxiliary vector. */
final class PageSize {
    static final long BYTES = read();
    /** From linux/auxvec.h. */
    private static final long AT_PAGESZ = 6;

    private PageSize() {}

    private static long read() {
        try {
            ByteBuffer vector = ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/self/auxv"))).order(ByteOrder.nativeOrder());
            while (vector.remaining() >= 2 * Long.BYTES) {
                long key = vector.getLong();
                long value = vector.getLong();
                if (key == AT_PAGESZ) {
                    return value;
                }
            }
            throw new IllegalStateException("/proc/self/auxv names no page size");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
