// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/**
 * One thing that is wrong with a policy.
 *
 * @param severity how bad it is
 * @param place file and line, as far as known
 * @param problem what is wrong
 * @param remedy what to do about it; may be empty
 */
public record PolicyFinding(Severity severity, String place, String problem, String remedy) {
    /** How bad it is. */
    public enum Severity {
        /** The policy cannot be used. */
        ERROR,
        /** It can be used, and part of it says nothing or contradicts another part. */
        WARNING
    }

    /** What a reader threw. */
    public static PolicyFinding error(ConfigurationException e) {
        String prefix = e.place() + ": ";
        String message = e.getMessage();
        return new PolicyFinding(Severity.ERROR, e.place(), message.startsWith(prefix) ? message.substring(prefix.length()) : message, "");
    }

    /** In one sentence: place, problem, remedy. */
    public String words() {
        return place + ": " + problem + (remedy.isEmpty() ? "" : "; " + remedy);
    }
}
