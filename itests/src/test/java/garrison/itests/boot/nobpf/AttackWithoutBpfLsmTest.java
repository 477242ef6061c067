// SPDX-License-Identifier: Apache-2.0
package garrison.itests.boot.nobpf;

import garrison.itests.Guest;
import garrison.itests.attack.Filesystem;
import garrison.itests.fileguard.AttackTest;
import java.util.List;

/** Every attack of the catalogue against file-guard on its fall-back, with the same controls. */
class AttackWithoutBpfLsmTest extends AttackTest {
    @Override
    protected List<Filesystem.Kind> kinds() {
        return Guest.isLong() ? super.kinds() : List.of(Filesystem.Kind.TMPFS);
    }
}
