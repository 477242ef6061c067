// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.time.Instant;

/**
 * A BPF program that is in the kernel, whoever loaded it.
 *
 * @param id the kernel's, as bpftool shows it
 * @param name as the kernel keeps it: at most 15 characters; may be empty
 * @param kind its type, {@code enum bpf_prog_type} in lower case and without prefix, for example {@code cgroup_device}; the number
 *     of one that is not known here
 * @param loaded when
 * @param uid of who loaded it
 * @param own whether this process holds it, or a link of it
 */
public record BpfProgram(long id, String name, String kind, Instant loaded, long uid, boolean own) {}
