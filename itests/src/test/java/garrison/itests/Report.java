// SPDX-License-Identifier: Apache-2.0
package garrison.itests;

import java.time.Instant;

/**
 * What file-guard told of one act: the part of its event that the attacks are judged by, whichever way it came.
 *
 * @param time of the act, from the kernel's clock
 * @param rule the rule's name
 * @param operation what was tried, by the word that rules use
 * @param path of the object
 * @param otherPath the second path, of renames and links; else empty
 * @param pid the acting process
 * @param denied whether it was refused
 */
public record Report(Instant time, String rule, String operation, String path, String otherPath, long pid,
        boolean denied) {}
