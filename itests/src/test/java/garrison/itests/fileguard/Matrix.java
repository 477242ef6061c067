// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import garrison.itests.attack.Attack;
import garrison.itests.attack.Filesystem;
import garrison.itests.attack.Operation;
import garrison.spi.KernelVersion;
import garrison.spi.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What each way came to on this kernel: a line each, from which the lab puts plugins/file-guard/MATRIX.md together. Nothing is
 * kept where the lab has named no folder for it. Lines are {@code way TAB operation TAB mode TAB file system TAB result TAB note}.
 */
final class Matrix {
    private static final Matrix NOWHERE = new Matrix(null);

    private final Path file;

    private Matrix(Path file) {
        this.file = file;
    }

    /** The lines of one class of tests, begun anew. */
    static Matrix of(Class<?> tests) {
        String out = System.getProperty("garrison.out", "");
        if (out.isEmpty()) {
            return NOWHERE;
        }
        try {
            Path folder = Files.createDirectories(Path.of(out, "matrix"));
            return new Matrix(Files.writeString(folder.resolve(tests.getSimpleName() + ".tsv"), ""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The ways that this kernel does not offer. */
    void impossible(Attack attack, KernelVersion kernel) {
        boolean possible = Stream.of(Filesystem.Kind.values()).anyMatch(kind -> attack.impossible(kernel, kind).isEmpty());
        if (!possible) {
            String note = "there is no " + attack.minimumReason() + " before " + attack.minimum().major() + "."
                    + attack.minimum().minor();
            for (Mode mode : Mode.values()) {
                write(attack.name(), attack.operation(), mode, "-", "impossible", note);
            }
        }
    }

    /**
     * Judges, and keeps the result, which is FAILED when the judgement throws.
     *
     * @param where the file system
     * @param seen whether file-guard is to see it; else the note says why not
     */
    void judge(String way, Operation operation, Mode mode, Filesystem.Kind where, boolean seen, String note, Runnable verdict) {
        String result = "FAILED";
        try {
            verdict.run();
            result = !seen ? "unseen" : mode == Mode.AUDIT ? "told" : "refused";
        } finally {
            write(way, operation, mode, where.name().toLowerCase(Locale.ROOT), result, note);
        }
    }

    private synchronized void write(String way, Operation operation, Mode mode, String where, String result, String note) {
        if (file == null) {
            return;
        }
        try {
            Files.writeString(file, String.join("\t", List.of(way, operation.word(), mode.name(), where, result, note)) + "\n",
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
