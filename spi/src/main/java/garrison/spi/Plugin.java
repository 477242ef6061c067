// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * One security function: BPF programs and the Java that configures and hears them. In OSGi, register it as a service (the
 * framework's whiteboard finds it); elsewhere, give it to the builder. The object itself holds no state: each start calls
 * {@link #open}.
 */
@ConsumerType
public interface Plugin {
    /** Unique; lower-case letters, digits and dashes. Also its key below {@code garrison.plugins} in the configuration. */
    String name();

    /**
     * The compiled objects, preferred first. The first whose needs (hooks, licence, kernel functions) this kernel meets is
     * loaded; if none does, the plugin is FAILED with the reason for each.
     */
    List<ProgramSource> objects();

    /** What holds while no runtime lives, unless the configuration's {@code when-orphaned} says otherwise. */
    default WhenOrphaned whenOrphaned() {
        return WhenOrphaned.CONTINUE;
    }

    /** What each of its programs may cost, unless the configuration's {@code budget} says otherwise. */
    default Budget budget() {
        return Budget.NONE;
    }

    /** What it can say of a policy without a kernel, for {@code garrison policy}; empty if nothing. */
    default Optional<PolicyTool> policyTool() {
        return Optional.empty();
    }

    /**
     * Begins one run. Reads and checks the settings completely, touches nothing outside this call.
     *
     * @throws ConfigurationException if the settings cannot be used
     * @throws UnsupportedKernelException if this kernel cannot run it
     */
    PluginSession open(PluginContext context);
}
