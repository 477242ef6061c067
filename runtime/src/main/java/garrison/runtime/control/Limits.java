// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.control;

import java.time.Duration;

/**
 * What a client may cost.
 *
 * @param clients connections at one time; the next is told so and closed
 * @param lineBytes the longest request line
 * @param idle a client that asks nothing for so long is closed
 * @param queue event lines kept for a client that reads too slowly
 */
public record Limits(int clients, int lineBytes, Duration idle, int queue) {
    /** For a number of clients and a queue; lines of 64 KiB, a minute of silence. */
    public static Limits of(int clients, int queue) {
        return new Limits(clients, 64 << 10, Duration.ofMinutes(1), queue);
    }
}
