// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.FileId;

/** A place that a rule knows, as events name it. */
record PlaceKey(int rule, int device, long inode) {
    static PlaceKey of(int rule, FileId id) {
        return new PlaceKey(rule, (int) id.device(), id.inode());
    }
}
