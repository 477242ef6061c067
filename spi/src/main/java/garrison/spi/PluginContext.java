// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;
import org.osgi.annotation.versioning.ProviderType;

/** What the framework gives a plugin for one run. */
@ProviderType
public interface PluginContext {
    /** The plugin's subtree of the configuration, its {@code reference.conf} included. */
    Settings settings();

    /** The running kernel. */
    KernelFeatures kernel();

    /** Looks files up as the kernel's hooks see them. */
    FileIds files();

    /** Hands certificates to the kernel. */
    Keyrings keyrings();

    /** Reads files that must be signed. */
    Signatures signatures();

    /** The BPF programs of everybody. */
    BpfPrograms programs();

    /**
     * Calls back when file systems have been mounted, moved or unmounted in this process's mount namespace: once they have been
     * still for 200 ms, or 2 s after the first change. Which ones is for the plugin to find out. What changed before this returns
     * is not told.
     *
     * @param changed called on a thread of the watch's own, never twice at once; what it throws is logged, and the watch goes on
     * @return to be closed by the plugin
     * @throws KernelException if the mounts cannot be watched: no descriptors left
     * @since kernel 2.6.30 (poll of /proc/PID/mountinfo)
     */
    Watch watchMounts(Runnable changed);

    /**
     * Asks for a change of policy that no operator asked for, by the steps of a reload: what the function stages is attached and
     * committed whole or not at all, and never while another change is under way. Mode, budget and settings stay as they are.
     * Returns at once and may be called from any thread; if this run has ended when it is its turn, nothing is called.
     *
     * <p>If the function, or the kernel, refuses, the policy in force stays, and that is logged, published as
     * {@link PluginChanged}, and shown by the status until the next change of policy succeeds. It is not tried again.
     *
     * @param change stages the change, as {@link PluginSession#stage} does, on a thread of the framework's and never at the same
     *     time as a call of the session; empty if there is nothing left to change
     */
    void restage(Function<LoadedObject, Optional<PolicyChange>> change);

    /** Hands an event to the listeners. Never blocks; callable from any thread. */
    void publish(Event event);

    /**
     * The wall-clock time of a kernel time stamp.
     *
     * @param bootNanos nanoseconds as {@code bpf_ktime_get_boot_ns()} gives them
     */
    Instant time(long bootNanos);
}
