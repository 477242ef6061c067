// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import garrison.framework.libbpf.Libc;
import garrison.spi.GarrisonException;
import garrison.spi.KernelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The cgroup at which {@code SEC("cgroup/...")} programs concern every process: the root of the cgroup2 file system. */
final class RootCgroup {
    private static final Path MOUNTS = Path.of("/proc/self/mounts");

    private RootCgroup() {}

    /** A file descriptor of it, the caller's to close. */
    static int open() {
        try {
            String folder = Files.readAllLines(MOUNTS).stream().map(line -> line.split(" ")).filter(m -> m[2].equals("cgroup2"))
                    .map(m -> m[1]).findFirst().orElseThrow(() -> new GarrisonException("no cgroup2 file system is mounted, and"
                            + " a cgroup program needs one: mount -t cgroup2 none /sys/fs/cgroup"));
            int fd = Libc.open(folder, Libc.O_RDONLY | Libc.O_CLOEXEC);
            if (fd < 0) {
                throw new KernelException(folder + " cannot be opened: " + Libc.strerror(-fd), -fd);
            }
            return fd;
        } catch (IOException e) {
            throw new GarrisonException(MOUNTS + " cannot be read: " + e.getMessage() + "; mount /proc", e);
        }
    }
}
