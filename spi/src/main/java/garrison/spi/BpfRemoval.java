// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.nio.file.Path;
import java.util.List;

/**
 * What became of a BPF program that was to go.
 *
 * @param id the program's
 * @param pins that were unlinked
 * @param detached how many of its links were detached
 * @param attached how many of its links the kernel does not detach for others
 * @param holders pids of the processes that hold the program or a link of it
 */
public record BpfRemoval(long id, List<Path> pins, int detached, int attached, List<Long> holders) {
    /** Copies the lists. */
    public BpfRemoval {
        pins = List.copyOf(pins);
        holders = List.copyOf(holders);
    }
}
