// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

/**
 * What a program has cost since it was loaded, as far as the kernel's statistics were on.
 *
 * @param count runs
 * @param nanos in all of them together
 */
public record ProgramRuns(long count, long nanos) {}
