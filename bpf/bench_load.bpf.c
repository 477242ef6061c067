// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* What the load benchmark loads and attaches: 20 programs on 20 hooks, with the shared header's maps. Attached in guests only. */
#include "garrison.bpf.h"

GARRISON_LICENSE;

/* Never read: it names the type in the BTF, where the reader looks for the record's header. */
struct garrison_event *load_event_type SEC(".data.load");

/* Each counts by the mode, so that the verifier has something to look at. */
#define ONE(hook)							\
	SEC("lsm/" #hook)						\
	int load_##hook(unsigned long long *context)			\
	{								\
		if (garrison_enforcing())				\
			garrison_count(true);				\
		return 0;						\
	}

ONE(path_mkdir) ONE(path_rmdir) ONE(path_unlink) ONE(path_symlink) ONE(path_link)
ONE(path_rename) ONE(path_truncate) ONE(path_chmod) ONE(path_chown) ONE(path_chroot)
ONE(inode_mkdir) ONE(inode_rmdir) ONE(inode_unlink) ONE(inode_symlink) ONE(inode_link)
ONE(inode_rename) ONE(inode_mknod) ONE(sb_mount) ONE(sb_umount) ONE(sb_pivotroot)
