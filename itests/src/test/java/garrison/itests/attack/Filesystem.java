// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A file system of its own, mounted until closed. Only in a guest: needs root. */
public final class Filesystem implements AutoCloseable {
    /** What kinds the attacks are tried on. */
    public enum Kind {
        /** In memory. */
        TMPFS,
        /** An image in memory behind a loop device. */
        EXT4,
        /** A layer over another file system: each file has an inode in both. */
        OVERLAY,
        /** An image in memory behind a loop device: files share blocks. */
        XFS
    }

    private final Path base;

    private Filesystem(Path base) {
        this.base = base;
    }

    /**
     * Mounts one.
     *
     * @param base a folder that is made for it and what it needs
     */
    public static Filesystem mount(Kind kind, Path base) {
        Filesystem filesystem = new Filesystem(base);
        try {
            Files.createDirectories(filesystem.folder());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String folder = filesystem.folder().toString();
        switch (kind) {
            case TMPFS -> command("mount", "-t", "tmpfs", "tmpfs", folder);
            case EXT4 -> {
                String image = base.resolve("image").toString();
                command("truncate", "-s", "256M", image);
                // Before 6.3 fs-verity wants blocks of a page, and so small a file system would not get them.
                command("mkfs.ext4", "-q", "-b", "4096", "-O", "verity", "-E", "lazy_itable_init=1", image);
                command("modprobe", "loop");
                command("mount", "-o", "loop", image, folder);
            }
            case XFS -> {
                String image = base.resolve("image").toString();
                command("truncate", "-s", "512M", image);
                command("mkfs.xfs", "-q", image);
                command("modprobe", "loop");
                command("modprobe", "xfs");
                command("mount", "-o", "loop", image, folder);
            }
            case OVERLAY -> {
                String layers = base.resolve("layers").toString();
                command("mkdir", "-p", layers);
                command("mount", "-t", "tmpfs", "tmpfs", layers);
                command("mkdir", layers + "/lower", layers + "/upper", layers + "/work");
                command("mount", "-t", "overlay", "-o",
                        "lowerdir=" + layers + "/lower,upperdir=" + layers + "/upper,workdir=" + layers + "/work",
                        "overlay", folder);
            }
        }
        return filesystem;
    }

    /** Where it is mounted. */
    public Path folder() {
        return base.resolve("mounted");
    }

    @Override
    public void close() {
        command("umount", "-R", "-l", folder().toString());
        if (Files.isDirectory(base.resolve("layers"))) {
            command("umount", "-l", base.resolve("layers").toString());
        }
    }

    /** Unmounts what an attack mounted somewhere below a scene. */
    public static void uncover(Scene scene) {
        try {
            List<String> places = Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                    .map(line -> line.split(" ")[4])
                    .filter(place -> place.startsWith(scene.root() + "/")).toList().reversed();
            places.forEach(place -> command("umount", "-l", place));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The block device that a file lies on, as events name it. */
    static Path device(Path file) {
        try {
            long device = (Long) Files.getAttribute(file, "unix:dev");
            long major = device >> 8 & 0xfff;
            long minor = device & 0xff | device >> 12 & 0xfff00;
            Path uevent = Path.of("/sys/dev/block/" + major + ":" + minor + "/uevent");
            return Files.readAllLines(uevent).stream().filter(line -> line.startsWith("DEVNAME="))
                    .map(line -> Path.of("/dev", line.substring("DEVNAME=".length()))).findFirst().orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a command that must succeed. */
    static void command(String... words) {
        try {
            Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
            String output = process.inputReader().readAllAsString().strip();
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException(String.join(" ", words) + ": " + output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
