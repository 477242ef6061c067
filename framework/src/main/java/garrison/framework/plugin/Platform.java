// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.Status;
import garrison.framework.kernel.KernelFileIds;
import garrison.framework.kernel.RunningKernel;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.light.OwnObjects;
import garrison.framework.trust.TrustSettings;
import garrison.framework.truth.Truth;
import garrison.spi.FileIds;
import java.util.List;
import java.util.Locale;

/**
 * What the plugins of one Garrison share: the library, the kernel's features, the look-up of files, the clock.
 *
 * @param libbpf the library
 * @param kernel the running kernel
 * @param own the framework's own objects
 * @param fileIds its look-up of files
 * @param clock from kernel time stamps to wall-clock time
 * @param truth whether attached programs run
 */
public record Platform(Libbpf libbpf, RunningKernel kernel, OwnObjects own, KernelFileIds fileIds, BootClock clock, Truth truth) implements AutoCloseable {
    /**
     * Opens everything, after a check that this process may use BPF at all.
     *
     * @param library name or path of libbpf; null for where the dynamic linker looks
     * @param trust whose signatures of the framework's own objects are good
     * @throws garrison.spi.GarrisonException if not
     */
    public static Platform open(String library, TrustSettings trust) {
        Privileges.check();
        Libbpf libbpf = library == null ? Libbpf.open() : Libbpf.open(library);
        RunningKernel kernel = new RunningKernel(libbpf);
        BootClock clock = new BootClock();
        OwnObjects own = new OwnObjects(libbpf, kernel, trust);
        return new Platform(libbpf, kernel, own, new KernelFileIds(own), clock, new Truth(own, clock::time));
    }

    /** The facts for {@link Status}. */
    public Status.Kernel facts() {
        return new Status.Kernel(kernel.release(), kernel.activeLsms(), kernel.bpfLsm(), libbpf.version());
    }

    /** What is known of the kernel's ways to run programs, for {@link Status}. */
    public List<Status.MechanismStatus> mechanisms() {
        return truth.witnesses().stream().map(w -> new Status.MechanismStatus(w.mechanism().word(),
                w.runs().name().toLowerCase(Locale.ROOT), w.since(), w.lastRun(), w.reason())).toList();
    }

    /** The look-up of files, as plugins see it. */
    public FileIds files() {
        return fileIds;
    }

    @Override
    public void close() {
        truth.close();
        fileIds.close();
    }
}
