// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import garrison.spi.Event;
import java.time.Instant;

/**
 * Something that only an exploit of the kernel does, or, with the finding {@code learnt}, a call site taken for good.
 *
 * @param plugin {@code cfi-monitor}
 * @param time when the kernel saw it
 * @param sensor what saw it: a kernel function's name, {@code credentials}, {@code switches}
 * @param finding {@code stack_pointer} (outside the task's stack), {@code foreign_caller} (neither the kernel's text nor a module's
 *     that is trusted), {@code unknown_call_site}, {@code broken_stack} (leads to no entry of the kernel),
 *     {@code skipped_entry} (in the function, and not through its entry), {@code credentials_altered}
 *     (written in place), {@code credentials_replaced} (others than were committed), {@code credentials_swapped} (acts under others
 *     than its own), {@code turning_off} (a write to a switch), {@code switched_off}, {@code switched_on}, {@code learnt}
 * @param action what was done: {@code log}, {@code block}, {@code kill}
 * @param caller where the call came from, as the kernel names it: NAME+0xOFFSET/0xSIZE [MODULE]; of a switch its variable
 * @param address the same as a number
 * @param stackPointer in the sensor; 0 where it does not matter
 * @param before the credentials' address that was to be, or the switch's value; else 0
 * @param now the one that is
 * @param pid the process, in the initial pid namespace
 * @param tid the thread
 * @param uid real uid at that moment
 * @param euid effective uid
 * @param comm the thread's name
 * @param cgroup the cgroup's id (v2); 0 when another task saw it
 */
public record CfiEvent(String plugin, Instant time, String sensor, String finding, String action, String caller, long address,
        long stackPointer, long before, long now, int pid, int tid, long uid, long euid, String comm, long cgroup) implements Event {
    /** The stable name of this kind of event. */
    public static final String TYPE = "cfi_violation";

    @Override
    public String type() {
        return TYPE;
    }
}
