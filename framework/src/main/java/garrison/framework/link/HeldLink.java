// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import garrison.framework.libbpf.Libc;
import java.util.function.IntSupplier;

/**
 * A link by its descriptor, or why there is none.
 *
 * @param fd the link's
 * @param errno positive when it failed, else 0
 * @param release detaches it, unless it is pinned: 0 or minus errno
 */
public record HeldLink(int fd, int errno, IntSupplier release) {
    /** One that was made without libbpf. @param result its descriptor, or minus errno */
    public static HeldLink of(int result) {
        return result < 0 ? failed(-result) : new HeldLink(result, 0, () -> Libc.close(result));
    }

    /** None. @param errno positive */
    public static HeldLink failed(int errno) {
        return new HeldLink(-1, errno, () -> 0);
    }
}
