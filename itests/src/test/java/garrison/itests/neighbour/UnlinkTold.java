// SPDX-License-Identifier: Apache-2.0
package garrison.itests.neighbour;

import garrison.spi.Event;
import java.time.Instant;

/**
 * Somebody removed a name.
 *
 * @param plugin who tells it
 * @param time when
 * @param pid who did
 */
public record UnlinkTold(String plugin, Instant time, long pid) implements Event {
    @Override
    public String type() {
        return "unlink_told";
    }
}
