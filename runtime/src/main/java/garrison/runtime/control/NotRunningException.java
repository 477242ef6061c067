// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.control;

import garrison.spi.GarrisonException;
import java.nio.file.Path;

/** Nobody listens on the control socket. */
public final class NotRunningException extends GarrisonException {
    private static final long serialVersionUID = 1L;

    NotRunningException(Path socket) {
        super("garrison is not running: nobody answers on " + socket + "; start it with 'garrison run', or name its"
                + " socket with --socket");
    }
}
