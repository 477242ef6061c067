// SPDX-License-Identifier: Apache-2.0
package garrison.framework.truth;

import java.time.Instant;

/**
 * What the heartbeat knows of one mechanism.
 *
 * @param mechanism which
 * @param runs whether programs are run through it
 * @param since of the beat that showed it
 * @param lastRun the last beat at which a program was run; null if never
 * @param reason why not, with the remedy; for {@link Runs#YES} what brought it back, or empty
 */
public record Witness(Mechanism mechanism, Runs runs, Instant since, Instant lastRun, String reason) {
    /** An answer by trial. */
    public enum Runs { YES, NO, UNKNOWN }
}
