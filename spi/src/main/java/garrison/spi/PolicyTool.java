// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * What a plugin can say of a policy without a kernel: what is wrong with it, who may do what, what another one would change, and
 * what its events tell about it. A plugin that has one returns it from {@link Plugin#policyTool()}; {@code garrison policy} prints
 * what it says. Holds no state, loads nothing, asks nothing of a running instance.
 *
 * <p>All settings are a plugin's subtree as {@link PluginContext#settings()} gives it, with {@code mode} filled in.
 */
@ConsumerType
public interface PolicyTool {
    /** All that is wrong, and what contradicts itself or has no effect; none if the policy is good. */
    List<PolicyFinding> check(Settings settings);

    /**
     * Who may do what to an object, and by which rule.
     *
     * @param object absolute; it need not exist
     * @param as who asks, in the plugin's words, for example {@code uid:0}; none: whoever
     * @throws ConfigurationException if the settings cannot be used
     * @throws GarrisonException if the object, or who asks, cannot be made out
     */
    PolicyAnswer explain(Settings settings, Path object, List<String> as);

    /**
     * What changes between two policies.
     *
     * @throws ConfigurationException if either cannot be used
     */
    PolicyAnswer compare(Settings before, Settings after);

    /**
     * What a policy refused, and would refuse if it enforced.
     *
     * @param events the plugin's lines of the event log by their fields, and those that tell losses, oldest first
     */
    PolicyAnswer report(Settings settings, Stream<Map<String, Object>> events);

    /**
     * A policy to start from: the present one, with what was seen allowed.
     *
     * @param events as for {@link #report}
     * @return a configuration file's text, which {@link #check} finds no error in
     */
    PolicyAnswer suggest(Settings settings, Stream<Map<String, Object>> events);
}
