// SPDX-License-Identifier: Apache-2.0
package garrison.framework.budget;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.spi.KernelException;

/**
 * The kernel's run-time statistics, on until this is closed or the process ends. Others may have them on as well; the sysctl
 * kernel.bpf_stats_enabled stays as it is.
 *
 * <p>Minimum kernel 5.8.
 */
public final class RunStatistics implements AutoCloseable {
    private final int fd;

    private RunStatistics(int fd) {
        this.fd = fd;
    }

    /** Switches them on. @throws KernelException if the kernel refuses */
    public static RunStatistics on(Libbpf libbpf) {
        int fd = libbpf.enableRunStatistics();
        if (fd < 0) {
            throw new KernelException("the kernel does not count what BPF programs cost: " + libbpf.words(fd) + " (errno " + -fd
                    + "); it needs CAP_SYS_ADMIN and kernel 5.8", -fd);
        }
        return new RunStatistics(fd);
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}
