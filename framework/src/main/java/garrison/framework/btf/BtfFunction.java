// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

import java.util.List;

/**
 * A function's prototype.
 *
 * @param name the function's name
 * @param returnType C type without const; {@code void} for none
 * @param parameters C types without const in order, for example {@code struct dentry *}; {@code ...} for a variable tail
 */
public record BtfFunction(String name, String returnType, List<String> parameters) {
    /** Copies the list. */
    public BtfFunction {
        parameters = List.copyOf(parameters);
    }
}
