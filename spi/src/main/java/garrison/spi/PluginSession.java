// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * One run of a plugin, from open to close. The framework calls, in this order and never two at once: {@link #configure},
 * load, {@link #bind}, {@link #stage} and its commit, attach; then any number of {@link #stage}, and of what the plugin gave to
 * {@link PluginContext#restage}; at the end detach, drain, {@link #close}. A throw before attach ends the run with the plugin FAILED and nothing left behind.
 */
@ConsumerType
public interface PluginSession extends AutoCloseable {
    /** Before load: constants, sizes, which programs. */
    void configure(ObjectSetup object);

    /** After load: what the records in the ring buffer are. */
    void bind(EventBindings events);

    /**
     * Builds a policy beside the running one: everything that can fail, fails here, and then the running policy is untouched.
     *
     * @param settings the new settings, to be checked completely
     * @param object the loaded object
     * @throws ConfigurationException if the settings cannot be used
     */
    PolicyChange stage(Settings settings, LoadedObject object);

    /** A few figures for people, in the order to print them: rules, protected objects, what it cannot do on this kernel. */
    Map<String, String> status();

    /** Gives up what the session holds. The programs are detached already. */
    @Override
    void close();
}
