// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.Collection;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** The BPF programs that are in the kernel, whoever loaded them. */
@ProviderType
public interface BpfPrograms {
    /**
     * All that are there now, by id.
     *
     * @throws KernelException if the kernel does not tell them
     */
    List<BpfProgram> all();

    /**
     * Takes programs away as far as the kernel lets anybody: unlinks their pins, and those of their links, in the BPF file systems
     * mounted here; detaches their links, which the kernel does for those of cgroups, network devices and namespaces (5.9), not for those
     * of LSM hooks, tracing, kprobes and perf events. A program goes when nobody holds it any more; nobody's process is ended.
     *
     * @return for each program what was done, and who holds it still
     * @throws KernelException if the kernel does not tell its links
     */
    List<BpfRemoval> remove(Collection<BpfProgram> programs);
}
