// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.time.Instant;
import java.util.List;

/**
 * What a plugin's programs really do is something else now. Told for each plugin concerned when it is lost, when it comes
 * back, and at a start that does not bring what was requested.
 *
 * @param plugin whose programs
 * @param time of the beat that showed it, by the kernel's clock
 * @param requested the mode requested
 * @param actual what holds now; equal by name to {@code requested} when all is well
 * @param hooks the hooks where nothing runs; empty when all is well
 * @param reason why; empty when all is well
 */
public record EnforcementChanged(String plugin, Instant time, Mode requested, ActualMode actual, List<String> hooks,
        String reason) implements Event {
    /** Copies the list. */
    public EnforcementChanged {
        hooks = List.copyOf(hooks);
    }

    @Override
    public String type() {
        return "enforcement_changed";
    }
}
