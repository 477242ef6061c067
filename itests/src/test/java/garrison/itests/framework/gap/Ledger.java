// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework.gap;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** How often each attempt was told, in a file in memory: what a process wrote stays when it is killed. */
public final class Ledger {
    /** Attempts that there is room for. */
    static final int SIZE = 1 << 26;

    private final MappedByteBuffer told;

    /** @param file is made if it is not there */
    public Ledger(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            told = channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE + Integer.BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An attempt was told once more. No two threads tell at a time. */
    void tell(int attempt) {
        told.putInt(SIZE, attempt);
        told.put(attempt, (byte) (told.get(attempt) + 1));
    }

    /** How often an attempt was told. */
    public int told(int attempt) {
        return told.get(attempt);
    }

    /** The attempt that was told last, or was about to be. */
    int last() {
        return told.getInt(SIZE);
    }
}
