// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.spi.GarrisonException;

/** A command line that says something else than the command takes. */
final class UsageException extends GarrisonException {
    private static final long serialVersionUID = 1L;

    /** @param problem what is wrong and what would be right */
    UsageException(String problem) {
        super(problem);
    }
}
