// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

/**
 * What one trial came to.
 *
 * @param trial which
 * @param scene where
 * @param outcome of the attack program
 * @param seenBefore whether the effect was there before the attack, which would make the trial worthless
 * @param seen whether the effect was there afterwards
 */
public record Result(Trial trial, Scene scene, Outcome outcome, boolean seenBefore, boolean seen) {}
