// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import java.util.Set;
import java.util.TreeSet;

/**
 * One thing that an object needs of the kernel.
 *
 * @param namespace what kind of thing
 * @param name its own name
 * @param sleepable true for an LSM hook that must take sleepable programs
 * @param optional true if the object loads without it
 * @param objects names of the objects that need it
 * @param users names of the programs or maps for which it is needed
 */
public record KernelNeed(Namespace namespace, String name, boolean sleepable, boolean optional, Set<String> objects,
        Set<String> users) {
    /** Copies the sets, in alphabetical order. */
    public KernelNeed {
        objects = new TreeSet<>(objects);
        users = new TreeSet<>(users);
    }

    /** Whether both are about the same thing. */
    public boolean same(KernelNeed other) {
        return namespace == other.namespace && name.equals(other.name) && sleepable == other.sleepable;
    }

    /** This and another need of the same thing. */
    KernelNeed with(KernelNeed other, boolean nowOptional) {
        Set<String> allObjects = new TreeSet<>(objects);
        allObjects.addAll(other.objects);
        Set<String> allUsers = new TreeSet<>(users);
        allUsers.addAll(other.users);
        return new KernelNeed(namespace, name, sleepable, nowOptional, allObjects, allUsers);
    }
}
