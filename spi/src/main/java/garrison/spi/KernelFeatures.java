// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** What the running kernel can do, read from the kernel itself (BTF, securityfs), not guessed from its version. */
@ProviderType
public interface KernelFeatures {
    /** The release as {@code uname -r} prints it. */
    String release();

    /** The version number in {@link #release()}. */
    KernelVersion version();

    /** An LSM hook that BPF programs can attach to here; empty when this kernel has none of that name. */
    Optional<LsmHook> lsmHook(String name);

    /** Whether a kernel function (any function with BTF, kfuncs included) of this name exists. */
    Answer function(String name);

    /** Whether the kernel has a struct of this name. */
    Answer struct(String name);

    /**
     * The enumerators of one of the kernel's enums, for example {@code bpf_cmd}, with their numbers, in the kernel's order.
     *
     * @return empty if the kernel has no enum of this name, or gives no type information
     */
    Optional<Map<String, Long>> enumeration(String name);

    /**
     * The active security modules in calling order, for example {@code [lockdown, capability, landlock, bpf]}; empty when
     * securityfs could not be read.
     */
    List<String> activeLsms();

    /**
     * Whether BPF LSM programs can fire: without {@code bpf} in the active list they load and attach without an error and
     * never run.
     */
    Answer bpfLsm();

    /**
     * Whether the kernel checks signatures of BPF programs: from 6.18 on, if it was built to
     * ({@code CONFIG_SYSTEM_DATA_VERIFICATION}), which a trial load tells.
     */
    Answer programSignatures();
}
