// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** A Java record and the BPF struct it reads do not agree. The message prints both layouts. */
public class LayoutException extends GarrisonException {
    private static final long serialVersionUID = 1L;

    /** @param message the disagreement, and both layouts, one field a line */
    public LayoutException(String message) {
        super(message);
    }
}
