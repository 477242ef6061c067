/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Files of a layer that a file system on top of it opens and maps in its own files' place. */
#ifndef FILE_GUARD_BACKING_BPF_H
#define FILE_GUARD_BACKING_BPF_H

#include "file_guard_flags.bpf.h"
#include "file_guard_report.bpf.h"

/*
 * Since 6.8 what overlayfs maps is the layer's file, under the layer's name; the one that was opened is kept beside it.
 * FMODE_BACKING moved from bit 25 to 24 in 6.14, and in 6.12's stable releases too. Such a file is also FMODE_NOACCOUNT, which
 * no other file that a process can map is, so that the bit that was given to something else meanwhile cannot mislead.
 */
static __always_inline bool guard_is_backing(fmode_t mode)
{
	return bpf_core_type_exists(struct backing_file) && mode & GUARD_FMODE_NOACCOUNT && mode & GUARD_FMODE_BACKING;
}

/* Where an inode's names hang, before dentries changed. */
struct dentry___before_6_7 {
	union {
		struct hlist_node d_alias;
	} d_u;
} __attribute__((preserve_access_index));

/*
 * Before 6.7 overlayfs opens a layer's file under the overlay's name. By that it has been asked for already; this finds one of
 * its own, for rules that know the layer. 0 where it has none.
 */
static __always_inline __u64 guard_own_name(struct inode *inode)
{
	__u64 first;

	if (!bpf_core_field_exists(struct dentry___before_6_7, d_u.d_alias))
		return 0;
	first = (__u64)BPF_CORE_READ(inode, i_dentry.first);
	return first ? first - bpf_core_field_offset(struct dentry___before_6_7, d_u.d_alias) : 0;
}

static __always_inline bool guard_denies_backed(struct file *file, __u32 hook, __u32 act)
{
	struct backing_file *backing = (struct backing_file *)file;
	struct guard_question q;
	struct dentry *opened;

	if (!guard_is_backing(file->f_mode))
		return false;
	opened = BPF_CORE_READ(backing, user_path.dentry);
	return guard_begin_at(&q, (__u64)opened, 0, BPF_CORE_READ(opened, d_sb, s_dev), hook, act, act) && guard_refuses(&q);
}

#endif
