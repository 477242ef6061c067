// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.fileguard.MountScope.Seen;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What a compiled policy knows of the mounts, for it to be extended when others come.
 *
 * @param policy what it was compiled from
 * @param scope which mounts mean anything to it
 * @param words what each rule brings to its objects, in the policy's order
 * @param known what was mounted at its places when it was loaded, or has been since
 * @param added how many mounts came since the load
 * @param latest at which places the last of them came
 * @param unmounted types of file systems of which none was mounted
 */
record MountView(Policy policy, MountScope scope, List<PolicyEntries.Word> words, Set<Seen> known, int added, List<Path> latest,
        List<String> unmounted) {
    /**
     * What was mounted once stays known, and protected, until the next load: so many mounts are enough for a machine of containers
     * for days, and not for its memory.
     */
    private static final int MOST = 20_000;

    /** Whether so many came that no more are taken. */
    boolean full() {
        return added >= MOST;
    }
}
