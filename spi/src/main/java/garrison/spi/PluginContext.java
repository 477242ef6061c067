// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.time.Instant;
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

    /** Hands an event to the listeners. Never blocks; callable from any thread. */
    void publish(Event event);

    /**
     * The wall-clock time of a kernel time stamp.
     *
     * @param bootNanos nanoseconds as {@code bpf_ktime_get_boot_ns()} gives them
     */
    Instant time(long bootNanos);
}
