// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.spi.GarrisonException;
import garrison.spi.KernelException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The pins of one run of a plugin: {@code link_PROGRAM}, {@code map_NAME} and {@code program_NAME} in a folder named after its
 * generation.
 */
public final class PinnedRun {
    private static final String LINK = "link_";
    private static final String MAP = "map_";
    private static final String PROGRAM = "program_";

    private final Libbpf libbpf;
    private final String plugin;
    private final Path folder;

    PinnedRun(Libbpf libbpf, String plugin, Path folder) {
        this.libbpf = libbpf;
        this.plugin = plugin;
        this.folder = folder;
    }

    /** The generation that its events carry; 0 when the folder's name is none of ours. */
    public int generation() {
        String name = folder.getFileName().toString();
        return name.matches("[0-9]{1,9}") ? Integer.parseInt(name) : 0;
    }

    /** Where the pins are. */
    public Path folder() {
        return folder;
    }

    /** Programs whose links are pinned. */
    public List<String> links() {
        return names(LINK);
    }

    /** Maps that are pinned. */
    public List<String> maps() {
        return names(MAP);
    }

    private List<String> names(String prefix) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, prefix + "*")) {
            entries.forEach(entry -> names.add(entry.getFileName().toString().substring(prefix.length())));
            return names;
        } catch (IOException e) {
            throw new GarrisonException("plugin " + plugin + ": cannot list " + folder + ": " + e, e);
        }
    }

    /** Pins a map. */
    public void pinMap(String map, int fd) {
        pin(MAP + map, fd);
    }

    /** Pins the link of a program. */
    void pinLink(String program, int fd) {
        pin(LINK + program, fd);
    }

    /** Pins a program that is not attached but run by its name. */
    void pinProgram(String program, int fd) {
        pin(PROGRAM + program, fd);
    }

    /** Takes a link's name away; it stays attached for as long as somebody has it open. */
    void unpinLink(String program) {
        delete(folder.resolve(LINK + program));
    }

    private void pin(String name, int fd) {
        Path file = folder.resolve(name);
        try (Arena scratch = Arena.ofConfined()) {
            int result = libbpf.objectPin(fd, scratch.allocateFrom(file.toString()));
            if (result < 0) {
                throw new KernelException("plugin " + plugin + ": cannot pin " + file + ": " + libbpf.words(result) + " (errno "
                        + -result + ")", -result);
            }
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            throw new GarrisonException("plugin " + plugin + ": cannot protect " + file + ": " + e, e);
        }
    }

    /** A file descriptor of a pinned map, the caller's to close; empty when there is none. */
    public OptionalInt openMap(String map) {
        return open(MAP + map);
    }

    /** The same of a pinned program. */
    OptionalInt openProgram(String program) {
        return open(PROGRAM + program);
    }

    private OptionalInt open(String name) {
        Path file = folder.resolve(name);
        try (Arena scratch = Arena.ofConfined()) {
            int fd = libbpf.objectGet(scratch.allocateFrom(file.toString()));
            if (fd == -Libc.ENOENT) {
                return OptionalInt.empty();
            }
            if (fd < 0) {
                throw new KernelException("plugin " + plugin + ": cannot open " + file + ": " + libbpf.words(fd) + " (errno "
                        + -fd + ")", -fd);
            }
            return OptionalInt.of(fd);
        }
    }

    /**
     * Takes all names away. What nobody else holds is detached when this returns: the kernel frees a name's object some time
     * later, but one whose descriptor is closed at once.
     */
    public void remove() {
        List<String> programs = names(PROGRAM).stream().map(PROGRAM::concat).toList();
        List<String> links = names(LINK).stream().map(LINK::concat).toList();
        List<Integer> held = new ArrayList<>();
        try {
            Stream.concat(programs.stream(), links.stream()).forEach(name -> open(name).ifPresent(held::add));
            programs.forEach(name -> delete(folder.resolve(name)));
            links.forEach(name -> delete(folder.resolve(name)));
            maps().forEach(map -> delete(folder.resolve(MAP + map)));
            delete(folder);
        } finally {
            held.forEach(Libc::close);
        }
    }

    private void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new GarrisonException("plugin " + plugin + ": cannot remove " + file + ": " + e, e);
        }
    }
}
