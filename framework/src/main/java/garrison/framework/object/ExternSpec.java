// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import java.util.Set;

/**
 * Something of the kernel's that an object refers to by name.
 *
 * @param name the kernel's name for it
 * @param function true for a kfunc, false for a variable or symbol address
 * @param typed true when its BTF type must match; false for {@code extern const void x __ksym}
 * @param weak true when the object can do without
 * @param programs names of the programs that refer to it, directly or in a subprogram
 */
public record ExternSpec(String name, boolean function, boolean typed, boolean weak, Set<String> programs) {
    /** Copies the set. */
    public ExternSpec {
        programs = Set.copyOf(programs);
    }
}
