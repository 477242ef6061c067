// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.FileId;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A policy with its files looked up: what goes into the map, and what is needed to put its events into words.
 *
 * @param table the map's content
 * @param hooks the hooks at which any rule has a say
 * @param ruleNames by rule number
 * @param places where each protected place lies, by what events call it
 * @param executables paths of the executables that rules name, by file
 * @param objects number of protected objects and tree roots
 * @param incomplete trees whose search for hard links was given up at the limit
 * @param absent protected names that no file has
 * @param rated numbers of the rules that tell only so many events in a second
 * @param mounts what it knows of the mounts
 */
record CompiledPolicy(PolicyEntries.Table table, Set<Hook> hooks, Map<Integer, String> ruleNames, Map<PlaceKey, Path> places,
        Map<ExecutableKey, Path> executables, long objects, Set<Path> incomplete, List<Path> absent,
        Set<Integer> rated, MountView mounts) {
    /** An executable as events name it. */
    record ExecutableKey(int device, long inode) {
        static ExecutableKey of(FileId id) {
            return new ExecutableKey((int) id.device(), id.inode());
        }
    }
}
