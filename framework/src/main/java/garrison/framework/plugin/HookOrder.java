// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.Status.AttachedProgram;
import garrison.framework.Status.PluginStatus;
import garrison.spi.Mode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.Set;

/**
 * Who is asked before whom. The kernel runs the programs of a hook from the newest to the oldest, and ends with the first that refuses:
 * a plugin that only observes sees all if it was attached after those that refuse.
 */
final class HookOrder {
    private HookOrder() {}

    /** For {@link java.util.List#sort}: those that refuse are attached first. */
    static int rank(Mode mode) {
        return mode == Mode.ENFORCE ? 0 : 1;
    }

    /**
     * What observers do not see.
     *
     * @return by the observer's name: words that name the hooks and who hides what there
     */
    static Map<String, String> hidden(List<PluginStatus> plugins) {
        Map<String, String> words = new TreeMap<>();
        for (PluginStatus observer : plugins) {
            Map<String, Set<String>> hooks = new TreeMap<>();
            if (observer.mode() == Mode.AUDIT) {
                for (PluginStatus other : plugins) {
                    if (other.mode() == Mode.ENFORCE) {
                        observer.attached().forEach(program -> other.attached().stream().filter(o -> isBefore(o, program))
                                .forEach(o -> hooks.computeIfAbsent(other.name(), n -> new TreeSet<>()).add(program.hook())));
                    }
                }
            }
            hooks.forEach((enforcer, places) -> words.merge(observer.name(), "what " + enforcer + " refuses at "
                    + String.join(", ", places) + " is not seen: it was attached later, and the newest is asked first", (a, b) -> a + "; " + b));
        }
        return words;
    }

    private static boolean isBefore(AttachedProgram other, AttachedProgram program) {
        return other.hook().equals(program.hook()) && other.link() > program.link()
                && Enforcement.kind(other.strategy()).equals(Enforcement.kind(program.strategy()));
    }
}
