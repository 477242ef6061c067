// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

/** Which modules may call sensitive functions from where their code says so. */
enum TrustedModules {
    /** Those that were loaded before cfi-monitor. */
    PRESENT,
    /** The same, and those signed by a key that the kernel trusts. */
    SIGNED,
    /** All. */
    ALL
}
