// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.spi.GarrisonException;

/** Positions or lengths in a ring buffer that cannot be: somebody else wrote to its consumer page, or the kernel is broken. */
public final class RingCorruptException extends GarrisonException {
    private static final long serialVersionUID = 1L;

    RingCorruptException(String ring, String problem) {
        super("ring buffer of " + ring + " is corrupt: " + problem + "; restart the plugin");
    }
}
