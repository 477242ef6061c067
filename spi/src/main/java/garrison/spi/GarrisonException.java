// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/**
 * Base of everything Garrison throws on purpose. The message alone must tell a person what failed, where, and what to do:
 * programs print it without a stack trace.
 */
public class GarrisonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message what failed, where, and the remedy */
    public GarrisonException(String message) {
        super(message);
    }

    /**
     * @param message what failed, where, and the remedy
     * @param cause the failure below, or null
     */
    public GarrisonException(String message, Throwable cause) {
        super(message, cause);
    }
}
