/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Flags of the kernel's interface, which its BTF does not hold. */
#ifndef FILE_GUARD_FLAGS_BPF_H
#define FILE_GUARD_FLAGS_BPF_H

#define GUARD_FMODE_READ 0x1
#define GUARD_FMODE_WRITE 0x2
#define GUARD_FMODE_EXEC 0x20
#define GUARD_FMODE_BACKING (1 << 24 | 1 << 25)
#define GUARD_FMODE_NOACCOUNT 0x20000000
#define GUARD_O_TMPFILE 020000000
#define GUARD_S_IFMT 0170000
#define GUARD_S_IFDIR 0040000
#define GUARD_S_IFBLK 0060000
#define GUARD_MAY_WRITE 0x2
#define GUARD_MAY_READ 0x4
#define GUARD_MAY_APPEND 0x8
#define GUARD_PROT_READ 0x1
#define GUARD_PROT_WRITE 0x2
#define GUARD_PROT_EXEC 0x4
#define GUARD_MAP_TYPE 0xf
#define GUARD_MAP_SHARED 0x1
#define GUARD_MAP_SHARED_VALIDATE 0x3
#define GUARD_VM_EXEC 0x4
#define GUARD_VM_SHARED 0x8
#define GUARD_READ_IMPLIES_EXEC 0x0400000
#define GUARD_RENAME_EXCHANGE 2
#define GUARD_MS_REMOUNT 32
#define GUARD_MS_BIND 4096
#define GUARD_MS_PROPAGATION (1 << 17 | 1 << 18 | 1 << 19 | 1 << 20)
#define GUARD_ATTR_MODE (1 << 0)
#define GUARD_ATTR_SIZE (1 << 3)
#define GUARD_ATTR_FORCE (1 << 9)
#define GUARD_ATTR_WANTED 0x101f7 /* mode, uid, gid, times, and the times' _SET bits */

#endif
