// SPDX-License-Identifier: Apache-2.0
package garrison.itests;

import garrison.itests.attack.AttackProgram;
import garrison.spi.KernelVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The machine that the tests run on: a guest of the lab, as root, in the repository's folder. */
public final class Guest {
    /** Under emulation on a shared machine: up to twenty times what a claim about time says. */
    public static final Duration PATIENCE = Duration.ofSeconds(240);

    private Guest() {}

    /** The running kernel. */
    public static KernelVersion kernel() {
        try {
            return KernelVersion.parse(Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the long forms are wanted. */
    public static boolean isLong() {
        return Boolean.getBoolean("garrison.long");
    }

    /** The folder of the standalone program. */
    public static Path home() {
        return Path.of(System.getProperty("garrison.home", "runtime/target/garrison")).toAbsolutePath();
    }

    /** What each Java machine in a guest is started with: there the first compiler is worth more than the best. */
    public static List<String> javaFlags() {
        return List.of(System.getenv().getOrDefault("LAB_JAVA", "-XX:TieredStopAtLevel=1").split(" "));
    }

    /** A file of the build of this module, for example {@code bundles/config.jar}. */
    public static Path built(String name) {
        Path file = Path.of(System.getProperty("garrison.itests", "itests/target"), name).toAbsolutePath();
        if (Files.notExists(file)) {
            throw new IllegalStateException(file + " is missing; run in the repository's folder, after mvn package");
        }
        return file;
    }

    /** The attack program. */
    public static AttackProgram attacks() {
        return new AttackProgram(built("attack"));
    }

    /** A new folder in memory, of this test's own, through which every user may pass. */
    public static Path scratch(String name) {
        try {
            return Files.setPosixFilePermissions(Files.createTempDirectory(name + "-"),
                    PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Looks until something is so; for what has no event to wait for. */
    public static void await(String what, BooleanSupplier condition) {
        await(() -> what, condition);
    }

    /** The same, with words that are put together when it was in vain. */
    public static void await(Supplier<String> what, BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + PATIENCE.toSeconds() + " s: " + what.get());
            }
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }
}
