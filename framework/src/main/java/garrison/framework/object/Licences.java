// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import java.util.Set;

/** Which licences the kernel takes for compatible with its own: include/linux/license.h, by the letter. */
final class Licences {
    private static final Set<String> GPL_COMPATIBLE = Set.of("GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL",
            "Dual MIT/GPL", "Dual MPL/GPL");

    private Licences() {}

    static boolean gplCompatible(String licence) {
        return GPL_COMPATIBLE.contains(licence);
    }
}
