// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.List;

/**
 * One LSM hook of the running kernel, as its BTF describes {@code bpf_lsm_NAME}. Argument lists move between kernels, so
 * a plugin that reads an argument by index asks here first.
 *
 * @param name the hook's kernel name, for example {@code inode_setattr}
 * @param arguments the C types of the arguments in order, for example {@code struct dentry *}; void hooks of no argument: empty
 * @param returnsVerdict false for void hooks, which can observe but not refuse
 */
public record LsmHook(String name, List<String> arguments, boolean returnsVerdict) {
    /** Copies the list. */
    public LsmHook {
        arguments = List.copyOf(arguments);
    }

    /**
     * The index of the first argument of a type, or -1.
     *
     * @param type as in {@link #arguments()}, without {@code const}: {@code struct dentry *}
     */
    public int indexOf(String type) {
        return arguments.indexOf(type);
    }
}
