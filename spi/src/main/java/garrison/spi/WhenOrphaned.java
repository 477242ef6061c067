// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/**
 * What a plugin's programs do while no runtime lives: its process was killed, or does not get on, and the programs are pinned
 * and stay attached. They notice by a heartbeat in a map; the next start takes over from them without a gap.
 */
public enum WhenOrphaned {
    /** Go on as before, by the policy that is in the maps. */
    CONTINUE,
    /** After the grace period refuse nothing; what the policy would have refused is still written to the ring. */
    OPEN,
    /** After the grace period refuse also what the policy grants to some. A plugin in AUDIT mode still refuses nothing. */
    CLOSED
}
