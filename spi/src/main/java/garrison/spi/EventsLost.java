// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.time.Instant;

/**
 * Events did not arrive. Never silent: the count is exact.
 *
 * @param plugin whose events
 * @param time when the loss was noticed
 * @param where {@code ring} (the kernel found the ring buffer full), {@code unbound} (no binding for the record's type),
 *     {@code handler} (the plugin's handler threw), {@code layout} (written by programs of an earlier process, in a layout
 *     that this one does not know), {@code sampled} (never written, since the plugin is over its {@link Budget}) or
 *     {@code listener} (a listener's queue was full)
 * @param count events lost since the last such event
 * @param total events lost since the plugin started
 * @param detail the CPUs with their counts for {@code ring}, the exception for {@code handler}, else the listener's name
 */
public record EventsLost(String plugin, Instant time, String where, long count, long total, String detail)
        implements Event {
    @Override
    public String type() {
        return "events_lost";
    }
}
