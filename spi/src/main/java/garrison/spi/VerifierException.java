// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** The kernel's verifier rejected a program. The message carries the line that matters; {@link #log()} the whole. */
public class VerifierException extends KernelException {
    private static final long serialVersionUID = 1L;

    private final String program;
    private final String log;

    /**
     * @param message plugin, program, section, kernel, errno and the verifier's decisive line
     * @param errno the positive errno of the load
     * @param program the rejected program's name
     * @param log the verifier's whole log; empty when the kernel gave none
     */
    public VerifierException(String message, int errno, String program, String log) {
        super(message, errno);
        this.program = program;
        this.log = log;
    }

    /** The rejected program's name. */
    public String program() {
        return program;
    }

    /** The verifier's whole log, one instruction or remark a line. */
    public String log() {
        return log;
    }
}
