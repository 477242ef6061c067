// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.Event;
import java.time.Instant;

/**
 * A rule had a say more often than it may tell in a second ({@code events-per-second}): so many of its events are missing.
 *
 * @param plugin {@code file-guard}
 * @param time when they were counted, about a second after the first
 * @param rule the rule's name
 * @param count how many since the last such event
 */
public record FileAccessesUntold(String plugin, Instant time, String rule, long count) implements Event {
    /** The stable name of this kind of event. */
    public static final String TYPE = "file_access_untold";

    @Override
    public String type() {
        return TYPE;
    }
}
