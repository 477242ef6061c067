/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The hooks that see mounts: what is mounted on a directory hides all below it, and stands for it. */
#ifndef FILE_GUARD_MOUNTS_BPF_H
#define FILE_GUARD_MOUNTS_BPF_H

#include "file_guard_report.bpf.h"

/* What makes a name lead elsewhere: the directory above it goes, is moved, or is hidden. */
#define GUARD_REDIRECTS (FILE_GUARD_WRITE | FILE_GUARD_DELETE | FILE_GUARD_RENAME)
#define GUARD_HIDES (GUARD_REDIRECTS | FILE_GUARD_CREATE | FILE_GUARD_MOUNT)

static __always_inline bool guard_denies_mount(const struct path *path, __u32 hook)
{
	struct guard_question q;

	if (!guard_begin(&q, path->dentry, hook, FILE_GUARD_MOUNT, GUARD_HIDES | FILE_GUARD_LEADS))
		return false;
	q.on_self = GUARD_HIDES;
	q.on_tree = GUARD_HIDES;
	q.on_above = GUARD_HIDES;
	q.mount = (__u64)path->mnt;
	return guard_refuses(&q);
}

SEC("lsm/sb_mount")
int BPF_PROG(guard_sb_mount, const char *device, const struct path *path, const char *type, unsigned long flags,
	     void *data, int ret)
{
	if (ret)
		return ret;
	/* Other options, and who else sees later mounts: nothing is hidden. In the order in which the kernel looks at them. */
	if (flags & GUARD_MS_REMOUNT || (!(flags & GUARD_MS_BIND) && flags & GUARD_MS_PROPAGATION))
		return 0;
	return guard_verdict("sb_mount", guard_denies_mount(path, FILE_GUARD_SB_MOUNT));
}

SEC("lsm/move_mount")
int BPF_PROG(guard_move_mount, const struct path *from, const struct path *to, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("move_mount", guard_denies_mount(to, FILE_GUARD_MOVE_MOUNT));
}

/* Mounts the old root on a directory of the new. That the root itself changes is what every container does. */
SEC("lsm/sb_pivotroot")
int BPF_PROG(guard_sb_pivotroot, const struct path *old, const struct path *new, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("sb_pivotroot", guard_denies_mount(old, FILE_GUARD_SB_PIVOTROOT));
}

#endif
