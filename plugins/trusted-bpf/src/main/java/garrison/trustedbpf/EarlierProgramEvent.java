// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.Event;
import java.time.Instant;

/**
 * A BPF program of others was in the kernel when the gate closed: who loaded it was not asked for.
 *
 * @param plugin {@code trusted-bpf}
 * @param time when the gate closed
 * @param id the program's, as bpftool shows it
 * @param name as the kernel keeps it; may be empty
 * @param kind its type, for example {@code cgroup_device}
 * @param loaded when
 * @param uid of who loaded it
 * @param removal what was done about it, and who holds it still; {@code kept}; empty if it was only to be told
 */
public record EarlierProgramEvent(String plugin, Instant time, long id, String name, String kind, Instant loaded, long uid, String removal)
        implements Event {
    /** The stable name of this kind of event. */
    public static final String TYPE = "bpf_earlier";

    @Override
    public String type() {
        return TYPE;
    }
}
