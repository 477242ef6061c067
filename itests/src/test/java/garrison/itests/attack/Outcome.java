// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What became of one run of the attack program.
 *
 * @param pid the process that made the attempt
 * @param exit 0 when every call went through, else the errno of the refused call
 * @param output its standard output
 * @param refused the refused call and its errno as the program tells them, for example {@code open: EPERM}; else empty
 */
public record Outcome(long pid, int exit, String output, String refused) {
    /** errno: operation not permitted. */
    public static final int EPERM = 1;
    /** errno: permission denied. */
    public static final int EACCES = 13;
    /** The attempt could not be made: something before it failed. */
    public static final int BAD_SCENE = 250;

    private static final Pattern ACTOR = Pattern.compile("^actor (\\d+)$", Pattern.MULTILINE);

    /** The outcome of a process that may say on its standard output that another one made the attempt. */
    static Outcome of(long pid, int exit, String output, String refused) {
        Matcher actor = ACTOR.matcher(output);
        return new Outcome(actor.find() ? Long.parseLong(actor.group(1)) : pid, exit, output, refused);
    }

    /** Whether a call was refused for want of permission. */
    public boolean denied() {
        return exit == EPERM || exit == EACCES;
    }

    /** The result as a table shows it: {@code done} or the errno. */
    public String word() {
        return exit == 0 ? "done" : refused.substring(refused.lastIndexOf(' ') + 1);
    }
}
