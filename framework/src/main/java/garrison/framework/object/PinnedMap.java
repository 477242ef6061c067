// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.spi.BpfMap;
import garrison.spi.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A map that an earlier process made, by a file descriptor of its own. For one thread at a time. */
public final class PinnedMap implements AutoCloseable {
    /** The first fields of struct bpf_map_info: type, id, key_size, value_size, max_entries, map_flags. */
    private static final int INFO_SIZE = 24;

    private final InnerKernelMap map;
    private final MapSpec spec;

    private PinnedMap(InnerKernelMap map, MapSpec spec) {
        this.map = map;
        this.spec = spec;
    }

    /**
     * Takes a descriptor over.
     *
     * @param name the map's in its object, which may be longer than what the kernel keeps
     * @throws KernelException if it is no map's; the descriptor is closed then
     */
    public static PinnedMap of(Libbpf libbpf, Owner owner, String name, int fd) {
        MapSpec spec;
        try (Arena scratch = Arena.ofConfined()) {
            spec = spec(libbpf, owner, name, fd, scratch.allocate(INFO_SIZE, 8));
        } catch (RuntimeException e) {
            Libc.close(fd);
            throw e;
        }
        return new PinnedMap(new InnerKernelMap(libbpf, owner, spec, fd), spec);
    }

    /** What the kernel knows of a map. */
    static MapSpec spec(Libbpf libbpf, Owner owner, String name, int fd, MemorySegment info) {
        int result = libbpf.infoByFd(fd, info);
        if (result < 0) {
            throw new KernelException("plugin " + owner.plugin() + ": what is pinned as map " + name + " is none: "
                    + libbpf.words(result), -result);
        }
        return new MapSpec(name, info.get(JAVA_INT, 0), info.get(JAVA_INT, 8), info.get(JAVA_INT, 12), info.get(JAVA_INT, 16),
                info.get(JAVA_INT, 20), Optional.empty());
    }

    /** The map. */
    public BpfMap map() {
        return map;
    }

    /** Its descriptor, of no use after {@link #close}. */
    public int fd() {
        return map.fd();
    }

    /** Type, sizes and flags as the kernel has them. */
    public MapSpec spec() {
        return spec;
    }

    @Override
    public void close() {
        map.close();
    }
}
