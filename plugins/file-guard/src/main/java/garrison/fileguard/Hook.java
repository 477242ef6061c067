// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static garrison.fileguard.Operation.ATTRIBUTES;
import static garrison.fileguard.Operation.CREATE;
import static garrison.fileguard.Operation.DELETE;
import static garrison.fileguard.Operation.EXECUTE;
import static garrison.fileguard.Operation.LINK;
import static garrison.fileguard.Operation.MOUNT;
import static garrison.fileguard.Operation.READ;
import static garrison.fileguard.Operation.RENAME;
import static garrison.fileguard.Operation.WRITE;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** The hooks, numbered from 1 as in file_guard.h, and which policies need each: an empty hook costs nothing. */
enum Hook {
    FILE_OPEN(false, READ, WRITE, CREATE, EXECUTE),
    PATH_TRUNCATE(false, WRITE),
    FILE_TRUNCATE(false, WRITE),
    INODE_CREATE(false, CREATE),
    INODE_MKDIR(false, CREATE),
    /** For a rule's own name, what comes under it with contents is written. */
    INODE_MKNOD(false, WRITE, CREATE),
    INODE_SYMLINK(false, WRITE, CREATE),
    /** For every rule: a second name, outside a tree or of what came under a rule's name later, would end its protection. */
    INODE_LINK(true, CREATE, LINK),
    INODE_UNLINK(false, DELETE),
    INODE_RMDIR(false, WRITE, DELETE, RENAME),
    /** For every rule: so would a name that moves. */
    INODE_RENAME(true, WRITE, CREATE, DELETE, RENAME),
    INODE_SETATTR(false, WRITE, ATTRIBUTES),
    INODE_SETXATTR(false, ATTRIBUTES),
    INODE_REMOVEXATTR(false, ATTRIBUTES),
    INODE_SET_ACL(false, ATTRIBUTES),
    INODE_REMOVE_ACL(false, ATTRIBUTES),
    INODE_FILE_SETATTR(false, ATTRIBUTES),
    /** For every rule: an ioctl can change the generation by which an inode is known. */
    FILE_IOCTL(true, Operation.values()),
    MMAP_FILE(false, WRITE, EXECUTE),
    FILE_MPROTECT(false, WRITE, EXECUTE),
    BPRM_CHECK_SECURITY(false, EXECUTE),
    SB_MOUNT(false, WRITE, CREATE, DELETE, RENAME, MOUNT),
    MOVE_MOUNT(false, WRITE, CREATE, DELETE, RENAME, MOUNT),
    SB_PIVOTROOT(false, WRITE, CREATE, DELETE, RENAME, MOUNT),
    /** Dear, so only where the policy asks for it: see {@link Policy#oldDescriptors}. */
    FILE_PERMISSION(false, READ, WRITE);

    private final boolean everyRule;
    private final Set<Operation> operations;

    Hook(boolean everyRule, Operation... operations) {
        this.everyRule = everyRule;
        EnumSet<Operation> all = EnumSet.noneOf(Operation.class);
        all.addAll(Set.of(operations));
        this.operations = all;
    }

    /** Whether a rule can have a say at this hook. */
    boolean serves(Rule rule) {
        return everyRule || rule.operations().stream().anyMatch(operations::contains);
    }

    /** The kernel's name of the hook. */
    String kernelName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The hook that a program of this target serves; the 32-bit twin of an ioctl counts as the ioctl. */
    static Hook of(String target) {
        return valueOf((target.equals("file_ioctl_compat") ? "file_ioctl" : target).toUpperCase(Locale.ROOT));
    }

    /** The kernel name for a number out of an event. */
    static String nameOf(int number) {
        return number >= 1 && number <= values().length ? values()[number - 1].kernelName() : "hook " + number;
    }
}
