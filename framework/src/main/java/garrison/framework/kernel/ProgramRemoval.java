// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import garrison.framework.libbpf.BpfCalls;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.spi.BpfRemoval;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Takes some programs away: first their pins, then their links. What somebody holds stays. */
final class ProgramRemoval {
    /** struct bpf_link_info up to what depends on its type. */
    private static final int LINK_INFO_SIZE = 16;
    private static final long LINK_PROGRAM = 8;
    private static final Path MOUNTS = Path.of("/proc/self/mounts");
    private static final Pattern ESCAPED = Pattern.compile("\\\\([0-7]{3})");
    private static final Path PROCESSES = Path.of("/proc");

    private static final class Traces {
        private final List<Path> pins = new ArrayList<>();
        private final List<Long> holders = new ArrayList<>();
        private int detached;
        private int attached;
    }

    private final Libbpf libbpf;
    private final Map<Long, Traces> programs = new LinkedHashMap<>();

    ProgramRemoval(Libbpf libbpf, Collection<Long> ids) {
        this.libbpf = libbpf;
        ids.forEach(id -> programs.put(id, new Traces()));
    }

    /** In all BPF file systems of this mount namespace; one that cannot be read is passed over. */
    void unpin() {
        try {
            for (String line : Files.readAllLines(MOUNTS)) {
                String[] mount = line.split(" ");
                if (mount[2].equals("bpf")) {
                    unpin(place(mount[1]));
                }
            }
        } catch (IOException e) {
            // Without /proc there are no pins to be found; the links are found by their ids.
        }
    }

    /** A mount's place as /proc writes it: blanks, tabs, line ends and backslashes as three octal digits. */
    static Path place(String written) {
        return Path.of(ESCAPED.matcher(written).replaceAll(m -> Matcher.quoteReplacement(
                String.valueOf((char) Integer.parseInt(m.group(1), 8)))));
    }

    private void unpin(Path mount) {
        try (Stream<Path> tree = Files.walk(mount)) {
            for (Path file : (Iterable<Path>) tree.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))::iterator) {
                unpinIfAsked(file);
            }
        } catch (IOException | UncheckedIOException e) {
            // It was unmounted meanwhile, or hidden by another mount.
        }
    }

    private void unpinIfAsked(Path file) throws IOException {
        int fd;
        try (Arena scratch = Arena.ofConfined()) {
            fd = libbpf.objectGet(scratch.allocateFrom(file.toString()));
        }
        if (fd < 0) {
            return;
        }
        try {
            OptionalLong program = KernelPrograms.program(Path.of("/proc/self/fdinfo", String.valueOf(fd)));
            Traces found = program.isPresent() ? programs.get(program.getAsLong()) : null;
            if (found != null && Files.deleteIfExists(file)) {
                found.pins.add(file);
            }
        } finally {
            Libc.close(fd);
        }
    }

    /**
     * Detaches their links.
     *
     * @return the errno that ended the walk over all links, negative: ENOENT after the last
     */
    int detach() {
        int id = libbpf.nextLink(0);
        while (id > 0) {
            int fd = libbpf.linkById(id);
            if (fd >= 0) {
                detachIfAsked(fd);
                Libc.close(fd);
            }
            id = libbpf.nextLink(id);
        }
        return id;
    }

    private void detachIfAsked(int link) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment info = scratch.allocate(LINK_INFO_SIZE, 8);
            Traces found = libbpf.infoByFd(link, info) < 0 ? null : programs.get(Integer.toUnsignedLong(info.get(JAVA_INT, LINK_PROGRAM)));
            if (found == null) {
                return;
            }
            if (BpfCalls.detachLink(link) < 0) {
                found.attached++;
            } else {
                found.detached++;
            }
        }
    }

    /** What was done, and who holds what now. */
    List<BpfRemoval> outcome() {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROCESSES, "[1-9]*")) {
            for (Path process : processes) {
                for (long id : KernelPrograms.held(process.resolve("fdinfo"))) {
                    Traces found = programs.get(id);
                    if (found != null) {
                        found.holders.add(Long.parseLong(process.getFileName().toString()));
                    }
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Without /proc nobody is known to hold them; whether they are gone, all() tells.
        }
        List<BpfRemoval> all = new ArrayList<>();
        programs.forEach((id, found) -> all.add(new BpfRemoval(id, found.pins, found.detached, found.attached, found.holders)));
        return all;
    }
}
