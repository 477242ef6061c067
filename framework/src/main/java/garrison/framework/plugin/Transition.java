// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.spi.PolicyChange;
import java.util.Set;

/**
 * From one policy to the next: {@link #attach}, {@link #commit}, {@link #finish}; {@link #close} always. Closed before its
 * commit, it leaves everything as it was.
 */
final class Transition implements AutoCloseable {
    private final PolicyChange change;
    private final Attachments attachments;
    private final Set<String> programs;
    private Set<String> fresh = Set.of();
    private boolean committed;

    Transition(PolicyChange change, Attachments attachments) {
        this.change = change;
        this.attachments = attachments;
        try {
            this.programs = Set.copyOf(change.programs());
        } catch (Throwable t) {
            change.close();
            throw t;
        }
    }

    /** Attaches what the new policy needs in addition; the old policy decides. */
    void attach() {
        fresh = attachments.attach(programs);
    }

    /** The new policy decides from here on. */
    void commit() {
        change.commit();
        committed = true;
    }

    /** Detaches what only the old policy needed. */
    void finish() {
        attachments.retain(programs);
    }

    boolean committed() {
        return committed;
    }

    @Override
    public void close() {
        if (!committed) {
            attachments.detach(fresh);
        }
        change.close();
    }
}
