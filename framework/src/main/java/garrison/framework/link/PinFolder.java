// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.framework.light.OwnObjects;
import garrison.spi.GarrisonException;
import garrison.spi.KernelException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One instance's folder in the BPF file system, {@code /sys/fs/bpf/garrison/INSTANCE}, and in it one folder a plugin with one
 * folder a run. What is pinned there outlives the process; the next one with the same instance finds it. An exclusive lock on
 * the folder, which falls however the process ends, keeps two living processes apart. Everything has mode 0700 or 0600.
 *
 * <p>Minimum kernel 5.7.
 */
public final class PinFolder implements AutoCloseable {
    /** Begins the names of folders that are no plugin's. */
    static final String OWN = "_";
    private static final Path BPF = Path.of("/sys/fs/bpf");
    private static final Logger LOG = LoggerFactory.getLogger(PinFolder.class);
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Libbpf libbpf;
    private final Path folder;
    private final int lock;
    private Optional<PinGuard> guard = Optional.empty();

    private PinFolder(Libbpf libbpf, Path folder, int lock) {
        this.libbpf = libbpf;
        this.folder = folder;
        this.lock = lock;
    }

    /**
     * Makes the folder if it is not there, and takes the lock.
     *
     * @param instance lower-case letters, digits and dashes
     * @throws GarrisonException if there is no BPF file system, or another process has the lock; with the remedy
     */
    public static PinFolder open(Libbpf libbpf, String instance) {
        Path folder = BPF.resolve("garrison").resolve(instance);
        try {
            if (!Files.isDirectory(BPF) || !Files.getFileStore(BPF).type().equals("bpf")) {
                throw new GarrisonException("garrison.pin = true needs a BPF file system at " + BPF
                        + ", and there is none: mount -t bpf bpf " + BPF + ", or set garrison.pin = false");
            }
            makePrivate(folder.getParent());
            makePrivate(folder);
        } catch (IOException e) {
            throw new GarrisonException("cannot make " + folder + ": " + e + "; it needs root", e);
        }
        int fd = Libc.open(folder.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC);
        int locked = fd < 0 ? fd : Libc.flock(fd, Libc.LOCK_NOW);
        if (locked < 0) {
            if (fd >= 0) {
                Libc.close(fd);
            }
            throw new GarrisonException(locked == -Libc.EAGAIN
                    ? "another Garrison runs as instance " + instance + ": give this one a name of its own with garrison.instance"
                    : "cannot lock " + folder + ": " + Libc.strerror(-locked));
        }
        return new PinFolder(libbpf, folder, fd);
    }

    private static void makePrivate(Path folder) throws IOException {
        if (Files.notExists(folder)) {
            Files.createDirectory(folder, PRIVATE);
        }
        // One that others made, or could write to, would hand them our programs.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        Files.setAttribute(folder, "unix:uid", 0);
    }

    /** Names of the plugins of which something is pinned. */
    public List<String> plugins() {
        return names(folder).stream().filter(name -> !name.startsWith(OWN)).toList();
    }

    /**
     * Has the kernel keep everybody else from taking away what is pinned here, see {@link PinGuard}. A kernel that refuses that is
     * logged as an error, and Garrison goes on: pins without it are worth more than none.
     *
     * @throws GarrisonException if another process that lives is the owner of these pins
     */
    public void guard(OwnObjects own) {
        try {
            guard = Optional.ofNullable(PinGuard.open(own, folder, lock));
        } catch (KernelException e) {
            LOG.error("Pins in {} are not guarded against root: {}", folder, e.getMessage());
        }
    }

    /** The runs of a plugin that are pinned, oldest first. */
    public List<PinnedRun> runs(String plugin) {
        List<PinnedRun> runs = new ArrayList<>();
        for (String name : names(folder.resolve(plugin))) {
            runs.add(new PinnedRun(libbpf, plugin, folder.resolve(plugin).resolve(name)));
        }
        runs.sort(Comparator.comparingInt(PinnedRun::generation));
        return runs;
    }

    /**
     * An empty folder for a new run.
     *
     * @param generation greater than that of every run before
     */
    public PinnedRun create(String plugin, int generation) {
        return makeRun(libbpf, plugin, folder.resolve(plugin).resolve(String.valueOf(generation)));
    }

    static PinnedRun makeRun(Libbpf libbpf, String plugin, Path run) {
        try {
            makePrivate(run.getParent());
            Files.createDirectory(run, PRIVATE);
            return new PinnedRun(libbpf, plugin, run);
        } catch (IOException e) {
            throw new GarrisonException("plugin " + plugin + ": cannot make " + run + " to pin its programs: " + e, e);
        }
    }

    static List<String> names(Path of) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(of)) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        } catch (NoSuchFileException none) {
            return names;
        } catch (IOException e) {
            throw new GarrisonException("cannot list " + of + ": " + e, e);
        }
        return names;
    }

    /** Removes what is empty, and gives the lock back. Pins that are there stay. */
    @Override
    public void close() {
        try {
            for (String plugin : plugins()) {
                removeIfEmpty(folder.resolve(plugin));
            }
            guard.ifPresent(PinGuard::close);
            removeIfEmpty(folder);
            removeIfEmpty(folder.getParent());
        } finally {
            Libc.close(lock);
        }
    }

    private static void removeIfEmpty(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (DirectoryNotEmptyException kept) {
            // Something is pinned there still, which is what folders are for.
            return;
        } catch (IOException e) {
            throw new GarrisonException("cannot remove " + path + ": " + e, e);
        }
    }
}
