// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import java.util.Optional;

/**
 * A map as the object declares it.
 *
 * @param name the C name
 * @param type the kernel's {@code enum bpf_map_type}, see {@link MapType}
 * @param keySize bytes; 0 for a ring buffer
 * @param valueSize bytes; 0 for a ring buffer
 * @param maxEntries entries; bytes for a ring buffer; 0 where the program leaves it to user space
 * @param flags {@code map_flags}
 * @param inner the declared inner map of a map of maps
 */
public record MapSpec(String name, int type, int keySize, int valueSize, int maxEntries, int flags, Optional<MapSpec> inner) {}
