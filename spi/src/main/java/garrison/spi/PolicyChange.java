// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.Set;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A policy that is ready to take the place of the running one. The framework attaches the programs it newly needs, calls
 * {@link #commit}, then detaches those it no longer needs, so that neither policy is ever half in force.
 */
@ConsumerType
public interface PolicyChange extends AutoCloseable {
    /** Names of the programs to be attached under this policy: only what it needs, since an empty hook costs nothing. */
    Set<String> programs();

    /** Puts the policy in force as one step: one write to a map. */
    void commit();

    /** Called last, committed or not: frees what was only staged. */
    @Override
    void close();
}
