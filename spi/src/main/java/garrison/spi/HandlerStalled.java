// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.time.Duration;
import java.time.Instant;

/**
 * A plugin's record handler does not come back, or came back. Meanwhile its programs decide as before, its records wait in its own ring
 * and are dropped and counted when that is full; no other plugin waits.
 *
 * @param plugin whose handler
 * @param time when it was noticed
 * @param stalled whether it has not come back yet
 * @param duration how long it has been at one batch of records
 * @param where the line of code that it is in; empty when it came back
 */
public record HandlerStalled(String plugin, Instant time, boolean stalled, Duration duration, String where) implements Event {
    @Override
    public String type() {
        return "handler_stalled";
    }
}
