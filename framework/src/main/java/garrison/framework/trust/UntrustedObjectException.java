// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import garrison.spi.GarrisonException;

/** An object that the configured trust refuses, whatever is in it. No other object of the plugin is tried in its place. */
public final class UntrustedObjectException extends GarrisonException {
    private static final long serialVersionUID = 1L;

    /** @param message plugin, object, reason and the certificate wanted */
    public UntrustedObjectException(String message) {
        super(message);
    }
}
