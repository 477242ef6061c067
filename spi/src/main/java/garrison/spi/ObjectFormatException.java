// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** A file that is not a BPF object Garrison can use: truncated, not ELF, not BPF, no licence, no BTF. Found without the kernel. */
public class ObjectFormatException extends GarrisonException {
    private static final long serialVersionUID = 1L;

    /**
     * @param object the object's name, as its {@link ProgramSource} gives it
     * @param problem what is wrong, with the offset or section concerned
     */
    public ObjectFormatException(String object, String problem) {
        super(object + ": " + problem);
    }

    /**
     * @param object the object's name
     * @param problem what is wrong
     * @param cause the failure below
     */
    public ObjectFormatException(String object, String problem, Throwable cause) {
        super(object + ": " + problem, cause);
    }
}
