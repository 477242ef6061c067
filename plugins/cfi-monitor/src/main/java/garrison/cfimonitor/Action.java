// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import java.util.Locale;

/** What a finding leads to, weakest first. In AUDIT all that are not {@link #OFF} only report. */
enum Action {
    /** The sensor does not look. */
    OFF,
    /** It is reported. */
    LOG,
    /** The task may open, make, run, fork or connect nothing from then on. */
    BLOCK,
    /** The same, and its process is killed. */
    KILL;

    /** enum cfi_action. */
    int number() {
        return Math.max(0, ordinal() - 1);
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Action of(int number) {
        return values()[number + 1];
    }
}
