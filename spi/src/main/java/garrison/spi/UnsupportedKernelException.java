// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** The running kernel (or its boot line, or libbpf) lacks something that a plugin cannot do without. */
public class UnsupportedKernelException extends GarrisonException {
    private static final long serialVersionUID = 1L;

    private final String feature;

    /**
     * @param feature the missing feature by its kernel name, for example {@code LSM hook file_truncate}
     * @param message who needs it, on which kernel it was missed, and where it is to be had
     */
    public UnsupportedKernelException(String feature, String message) {
        super(message);
        this.feature = feature;
    }

    /** The missing feature by its kernel name. */
    public String feature() {
        return feature;
    }
}
