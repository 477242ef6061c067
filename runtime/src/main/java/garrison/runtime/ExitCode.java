// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

/** What the program ends with. */
public final class ExitCode {
    /** Done. For {@code run}: stopped in good order. */
    public static final int OK = 0;
    /** It could not be done; the message says why. */
    public static final int FAILURE = 1;
    /** The command line is wrong. */
    public static final int USAGE = 2;
    /** No instance is running. */
    public static final int NOT_RUNNING = 3;

    private ExitCode() {}
}
