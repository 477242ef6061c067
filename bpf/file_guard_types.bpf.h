/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Rules for all file systems of a type: in force the moment one is mounted, since it is the super block's own type that is asked
 * for. Those that are mounted when a policy is loaded have OBJECT entries besides, by which events know their place.
 */
#ifndef FILE_GUARD_TYPES_BPF_H
#define FILE_GUARD_TYPES_BPF_H

#include "file_guard_places.bpf.h"

/* Whether any policy has, or had, a rule for a type: others pay nothing. */
__u32 guard_types_matter = 0;

SEC("syscall")
int guard_let_types_matter(void *context)
{
	guard_types_matter = 1;
	return 0;
}

/*
 * The number by which rules know the type of the file system that a name is on: a hash of the type's name and, of FUSE, the
 * subtype's, each filled up with NULs. TypeHash in Java is the same.
 */
__noinline __u64 guard_type(__u64 *name)
{
	__u64 words[2 * FILE_GUARD_TYPE_PART / 8] = {}, hash = GUARD_HASH_SEED ^ sizeof(words);
	__u64 super, type, subtype;
	__u32 i;

	if (!name)
		return 0;
	super = GUARD_READ(struct dentry, *name, d_sb);
	type = GUARD_READ(struct super_block, super, s_type);
	subtype = GUARD_READ(struct super_block, super, s_subtype);
	bpf_probe_read_kernel_str(words, FILE_GUARD_TYPE_PART, (const char *)GUARD_READ(struct file_system_type, type, name));
	if (subtype)
		bpf_probe_read_kernel_str((char *)words + FILE_GUARD_TYPE_PART, FILE_GUARD_TYPE_PART, (const char *)subtype);
	for (i = 0; i < sizeof(words) / 8; i++)
		hash = guard_mix(hash, words[i]);
	return hash;
}

#endif
