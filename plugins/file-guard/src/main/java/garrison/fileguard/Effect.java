// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

/** What a rule does about what it covers, from the mildest to the gravest. In a plugin in AUDIT all of them only report. */
public enum Effect {
    /** It is let through and reported. */
    AUDIT,
    /** It is refused. */
    DENY,
    /** It is refused, and the process is sent SIGKILL. Kernel threads, init and Garrison's own process are not. */
    KILL
}
