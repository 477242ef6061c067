// SPDX-License-Identifier: Apache-2.0
package garrison.itests.boot.nobpf;

import garrison.itests.Guest;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Filesystem;
import garrison.itests.attack.Trial;
import garrison.itests.fileguard.AttackTest;
import java.util.List;
import java.util.Set;

/**
 * The attacks of the catalogue against file-guard on its fall-back, with the same controls: every one in the long form. The
 * short form has one for each function that the fall-back attaches to, and two where a stand-in is written for it.
 */
class AttackWithoutBpfLsmTest extends AttackTest {
    private static final Set<String> ONE_OF_EACH_HOOK = Set.of("open-write", "truncate", "ftruncate-held", "open-create", "mkdir",
            "mknod-fifo", "symlink", "link-out", "unlink", "rmdir", "rename-away", "rename-exchange", "chmod", "chown", "setxattr",
            "removexattr", "set-acl", "remove-acl", "set-flags", "file-setattr", "mmap-execute", "mmap-held", "mprotect-held", "execve",
            "bind-over", "move-over");

    @Override
    protected List<Filesystem.Kind> kinds() {
        return Guest.isLong() ? super.kinds() : List.of(Filesystem.Kind.TMPFS);
    }

    @Override
    protected List<Filesystem.Kind> fewKinds() {
        return Guest.isLong() ? super.fewKinds() : List.of();
    }

    @Override
    protected boolean isMade(Trial trial) {
        return Guest.isLong() || trial.rule() == Attack.Rule.TREE && ONE_OF_EACH_HOOK.contains(trial.attack().name());
    }
}
