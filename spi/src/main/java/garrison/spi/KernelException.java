// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** The kernel refused an operation. Carries errno, and who asked for what on which kernel. */
public class KernelException extends GarrisonException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * @param message the operation, its object (program, map, link), the plugin and the kernel's release, and errno in words
     * @param errno the positive errno, for example 1 for EPERM
     */
    public KernelException(String message, int errno) {
        super(message);
        this.errno = errno;
    }

    /** The positive errno. */
    public int errno() {
        return errno;
    }
}
