// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

import java.lang.foreign.MemorySegment;

/**
 * What a libbpf function that makes something returned.
 *
 * @param address the pointer; NULL when it failed
 * @param errno positive when it failed, else 0
 */
public record Handle(MemorySegment address, int errno) {
    /** Whether the call failed. */
    public boolean failed() {
        return address.address() == 0;
    }
}
