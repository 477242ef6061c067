// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.control;

import garrison.spi.GarrisonException;

/** A request that the client got wrong. */
public final class RequestException extends GarrisonException {
    private static final long serialVersionUID = 1L;

    /** @param problem what is wrong and what would be right */
    public RequestException(String problem) {
        super(problem);
    }
}
