// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.time.Instant;

/**
 * One of the kernel's ways to run BPF programs at hooks has stopped, or works again. Told once for all plugins, before the
 * {@link EnforcementChanged} of those concerned.
 *
 * @param time of the beat that showed it, by the kernel's clock
 * @param mechanism {@code lsm}, {@code trampoline} (fmod_ret, fentry, fexit) or {@code kprobe}
 * @param runs whether programs are run through it now
 * @param lastRun the last beat at which they were; null if never
 * @param reason why not, with the remedy; or what brought it back
 */
public record MechanismChanged(Instant time, String mechanism, boolean runs, Instant lastRun, String reason)
        implements Event {
    @Override
    public String plugin() {
        return "garrison";
    }

    @Override
    public String type() {
        return "mechanism_changed";
    }
}
