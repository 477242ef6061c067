// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** What is done when a plugin's program costs more than its {@link Budget}. Each of them is told as {@link BudgetChanged}. */
public enum OnOverrun {
    /** Nothing more. */
    REPORT,
    /**
     * Fewer records are written: one of four, then of 16, and so on for as long as it costs too much. The others are counted
     * and told as {@link EventsLost}. Every decision is still taken.
     */
    SAMPLE,
    /** From ENFORCE to AUDIT: nothing is refused any more. */
    DEMOTE,
    /** Stopped. */
    DETACH
}
