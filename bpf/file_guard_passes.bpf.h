/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Whom rules have let through: a program that a rule allows to read a file reads it again and again. What is remembered is that a
 * question about an object, by one program and user, found nothing against it; like what is remembered of directories it holds for
 * one policy and until a name is moved anywhere. Not remembered: answers that hang on more than program and user (a group, a
 * cgroup, an ancestor, the time, whose the file is), and those about two names, new names and ways to protected places.
 */
#ifndef FILE_GUARD_PASSES_BPF_H
#define FILE_GUARD_PASSES_BPF_H

#include "file_guard_places.bpf.h"

#define GUARD_PASSES_BITS 10

struct guard_pass {
	__u64 holds;		/* for this policy (high half) and this count of moves; 0: not */
	__u64 dentry;
	__u64 super;
	__u64 inode;
	__u64 exe_inode;
	__u32 exe_device;
	__u32 exe_generation;
	__u32 generation;
	__u32 uid;
	__u32 act;		/* what was asked; less is let through, too */
	__u32 version;		/* odd while it is written */
};

/* Each object, program and user has one place, which it may share: then the last one asked about is remembered. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << GUARD_PASSES_BITS);
	__type(key, __u32);
	__type(value, struct guard_pass);
} guard_passes SEC(".maps");

/* Whether the question is one whose answer can be remembered. */
static __always_inline bool guard_is_plain(struct guard_question *q)
{
	return !q->other && !q->new_name && !q->on_above && !q->on_device && q->on_self == q->act && q->on_tree == q->act;
}

static __always_inline struct guard_pass *guard_pass_of(struct guard_question *q, __u64 inode)
{
	__u32 place = ((inode * 31 + q->exe_inode) * 31 + q->uid) * GUARD_HASH_FACTOR >> (64 - GUARD_PASSES_BITS);

	return bpf_map_lookup_elem(&guard_passes, &place);
}

static __always_inline bool guard_is_pass_of(volatile struct guard_pass *pass, struct guard_question *q, __u64 inode)
{
	return pass->dentry == q->dentry && pass->inode == guard_number(inode) && pass->exe_inode == q->exe_inode &&
	       pass->exe_device == q->exe_device && pass->exe_generation == q->exe_generation && pass->uid == q->uid &&
	       pass->generation == GUARD_READ(struct inode, inode, i_generation) &&
	       pass->super == GUARD_READ(struct dentry, q->dentry, d_sb);
}

/*
 * Whether nothing was found before. Those that a rule allows are refused, too, once it has fallen closed. Global functions, as the
 * next: in the caller's frame, deep as calls go from there, their variables would be too much for the stack.
 */
__noinline int guard_passed_before(struct guard_question *q, __u32 moves)
{
	volatile struct guard_pass *pass;
	__u64 inode, holds;
	__u32 version;

	if (!q || garrison_fallen_closed())
		return 0;
	inode = guard_inode(q->dentry);
	if (!inode)
		return 0;
	holds = guard_holds(q->policy, moves);
	guard_identify(q);
	pass = guard_pass_of(q, guard_number(inode));
	if (!pass)
		return 0;
	version = pass->version;
	return !(version & 1) && pass->holds == holds && guard_is_pass_of(pass, q, inode) && !(q->act & ~pass->act) &&
	       pass->version == version;
}

__noinline int guard_remember_pass(struct guard_question *q, __u32 moves)
{
	volatile struct guard_pass *pass;
	__u64 inode;

	if (!q)
		return 0;
	inode = guard_inode(q->dentry);
	if (!inode)
		return 0;
	pass = guard_pass_of(q, guard_number(inode));
	if (!pass || !guard_write_begins(&pass->version))
		return 0;
	pass->holds = 0;
	pass->dentry = q->dentry;
	pass->super = GUARD_READ(struct dentry, q->dentry, d_sb);
	pass->inode = guard_number(inode);
	pass->generation = GUARD_READ(struct inode, inode, i_generation);
	pass->exe_inode = q->exe_inode;
	pass->exe_device = q->exe_device;
	pass->exe_generation = q->exe_generation;
	pass->uid = q->uid;
	pass->act = q->act;
	if (guard_moves() == moves)
		pass->holds = guard_holds(q->policy, moves);
	guard_write_ends(&pass->version);
	return 0;
}

#endif
