// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/**
 * What each program of a plugin may cost, by the kernel's own statistics. SAMPLE lasts until the configuration is read again or the
 * plugin starts anew; so do DEMOTE and DETACH, and DEMOTE also until the mode is switched.
 *
 * @param nsPerEvent nanoseconds for one run of one program, as a mean over a window with enough runs; 0 for no limit
 * @param onOverrun what is done after two such windows in a row
 */
public record Budget(long nsPerEvent, OnOverrun onOverrun) {
    /** No limit. */
    public static final Budget NONE = new Budget(0, OnOverrun.REPORT);

    /** Checks the limit. */
    public Budget {
        if (nsPerEvent < 0 || onOverrun == null) {
            throw new IllegalArgumentException("a budget of " + nsPerEvent + " ns, " + onOverrun);
        }
    }

    /** Whether there is a limit. */
    public boolean isLimited() {
        return nsPerEvent > 0;
    }
}
