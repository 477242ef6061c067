// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.ConfigurationException;
import garrison.spi.FileId;
import garrison.spi.FileIds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** What paths lead to: their real paths, and, by one question to the kernel for all, which files those are. */
final class PlaceIds {
    private final FileIds files;
    private final Map<Path, FileId> ids = new HashMap<>();
    private final Map<Path, Path> realPaths = new HashMap<>();
    private final Map<Path, Path> realDirectories = new HashMap<>();
    private final Map<Path, Function<String, ConfigurationException>> named = new HashMap<>();
    /** What is named and not there. */
    private final Set<Path> absent = new LinkedHashSet<>();
    /** What must be there. */
    private final Set<Path> required = new HashSet<>();

    PlaceIds(FileIds files) {
        this.files = files;
    }

    /** Resolves a path that must lead to a file. */
    void require(Path path, Function<String, ConfigurationException> error) {
        resolve(path, error);
        required.add(real(path));
        if (absent.contains(real(path))) {
            throw error.apply("holds " + path + ", which leads to no file");
        }
    }

    /** Resolves a path whose directory must be there. */
    void resolve(Path path, Function<String, ConfigurationException> error) {
        if (realPaths.containsKey(path)) {
            return;
        }
        try {
            Path real = realPath(path);
            realPaths.put(path, real);
            named.putIfAbsent(real, error);
        } catch (IOException e) {
            throw error.apply("holds " + path + ", which leads to no file");
        }
    }

    /** Many places lie in few directories: each of those is resolved once. */
    private Path realPath(Path path) throws IOException {
        Path parent = path.getParent();
        Path name = path.getFileName();
        if (parent == null || name.toString().equals("..") || name.toString().equals(".")) {
            return path.toRealPath();
        }
        boolean there = true;
        try {
            if (Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isSymbolicLink()) {
                return path.toRealPath();
            }
        } catch (NoSuchFileException e) {
            there = false;
        }
        Path directory = realDirectories.get(parent);
        if (directory == null) {
            directory = parent.toRealPath();
            realDirectories.put(parent, directory);
        }
        Path real = directory.resolve(name);
        if (!there) {
            if (!Files.isDirectory(directory)) {
                throw new NotDirectoryException(directory.toString());
            }
            absent.add(real);
        }
        return real;
    }

    /** The real path of one that was resolved. */
    Path real(Path path) {
        return realPaths.get(path);
    }

    /** Adds all that was resolved and is there, and the directories above. */
    void wantResolved(Set<Path> wanted) {
        for (Path real : realPaths.values()) {
            if (real.getParent() != null) {
                want(real.getParent(), wanted);
            }
            if (!absent.contains(real)) {
                want(real, wanted);
            }
        }
    }

    /** Adds a real path, and the directories above. */
    static void want(Path path, Set<Path> wanted) {
        if (wanted.add(path)) {
            for (Path directory : above(path)) {
                if (!wanted.add(directory)) {
                    return;
                }
            }
        }
    }

    /** Asks for all of them. What was found by looking around a moment ago, and is gone since, is left out. */
    void identify(Set<Path> wanted) {
        while (true) {
            List<Path> paths = List.copyOf(wanted);
            try {
                List<FileId> found = files.identify(paths);
                for (int i = 0; i < paths.size(); i++) {
                    ids.put(paths.get(i), found.get(i));
                }
                return;
            } catch (FileIds.FileNotFound e) {
                Function<String, ConfigurationException> error = named.get(e.path());
                if (required.contains(e.path())) {
                    throw error.apply("holds " + e.path() + ", which leads to no file");
                }
                if (!wanted.remove(e.path())) {
                    throw e;
                }
                if (error != null) {
                    absent.add(e.path());
                }
            }
        }
    }

    /** The file at a real path that was asked for; null if there is none. */
    FileId id(Path real) {
        return ids.get(real);
    }

    /** By real path. */
    Map<Path, FileId> all() {
        return ids;
    }

    /** What was named and is not there. */
    Set<Path> absent() {
        return absent;
    }

    /**
     * The directories that lead to a place. The root directory is left out: a mount over it hides nothing from those who are
     * in it already, and every container makes one.
     */
    static List<Path> above(Path path) {
        List<Path> all = new ArrayList<>();
        for (Path directory = path.getParent(); directory != null && directory.getParent() != null;
                directory = directory.getParent()) {
            all.add(directory);
        }
        return all;
    }
}
