// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** What a plugin's programs really do, as seen by trial. Compare it with the {@link Mode} requested. */
public enum ActualMode {
    /** Every attached program runs, and reports only. */
    AUDIT,
    /** Every attached program runs, and its denials count. */
    ENFORCE,
    /** Some hooks have no program that runs; the others do as requested. */
    PARTIAL,
    /** Nothing of it runs: neither denials nor reports. */
    NONE,
    /** The kernel did not let it be found out. */
    UNKNOWN
}
