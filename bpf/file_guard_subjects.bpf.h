/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Whom a rule lets through by more than a look-up can tell: entries of several terms, and entries that end. A rule has few of
 * them, so they are gone through one by one; the plain ones (an executable, a uid, both) are keys of their own.
 */
#ifndef FILE_GUARD_SUBJECTS_BPF_H
#define FILE_GUARD_SUBJECTS_BPF_H

#include "file_guard_verity.bpf.h"

#define GUARD_SIGKILL 9

_Static_assert(sizeof(struct file_guard_term) == sizeof(struct file_guard_value), "one map holds both");

/*
 * Garrison's own process, in the initial pid namespace; set before load. It may list directories: it looks for hard links in the
 * trees of the next policy while the present one is in force. And it is not killed.
 */
const volatile __u32 guard_own_process = 0;

static __always_inline bool guard_is_own_process(void)
{
	return guard_own_process && bpf_get_current_pid_tgid() >> 32 == guard_own_process;
}

/* How far up a process's parents are asked what they run. */
#define GUARD_ANCESTORS 64

/*
 * Whether a process above the current one runs a file, whose generation is kept. A process that ends at this moment gives its memory
 * back, to be used for another's: what was read counts only if it was still the process's afterwards.
 */
__noinline int guard_find_ancestor(struct guard_question *q, __u64 number, __u32 device)
{
	__u64 task = bpf_get_current_task(), parent, mm, exe, inode, super, found;
	__u32 i;

	if (!q)
		return 0;
	for (i = 0; i < GUARD_ANCESTORS; i++) {
		parent = GUARD_READ(struct task_struct, task, real_parent);
		if (!parent || parent == task)
			return 0;
		task = parent;
		mm = GUARD_READ(struct task_struct, task, mm);
		if (!mm)
			continue;
		exe = GUARD_READ(struct mm_struct, mm, exe_file);
		if (!exe)
			continue;
		inode = GUARD_READ(struct file, exe, f_inode);
		if (!inode)
			continue;
		super = GUARD_READ(struct inode, inode, i_sb);
		found = GUARD_READ(struct inode, inode, i_ino);
		if (found != number || !super || GUARD_READ(struct super_block, super, s_dev) != device)
			continue;
		q->ancestor_generation = GUARD_READ(struct inode, inode, i_generation);
		if (GUARD_READ(struct mm_struct, mm, exe_file) == exe && GUARD_READ(struct task_struct, task, mm) == mm)
			return 1;
	}
	return 0;
}

static __always_inline bool guard_term_holds(struct guard_question *q, struct file_guard_term *term)
{
	__u32 kind = term->kind;
	__u64 value = term->value;

	if (kind == FILE_GUARD_TERM_EXECUTABLE)
		return q->exe_inode == value && q->exe_device == term->more;
	if (kind == FILE_GUARD_TERM_GENERATION)
		return q->exe_generation == value;
	if (kind == FILE_GUARD_TERM_UID)
		return q->uid == value;
	if (kind == FILE_GUARD_TERM_GID)
		return q->gid == value;
	if (kind == FILE_GUARD_TERM_CGROUP)
		return bpf_get_current_ancestor_cgroup_id(term->more) == value;
	if (kind == FILE_GUARD_TERM_UNTIL)
		return bpf_ktime_get_boot_ns() < value;
	if (kind == FILE_GUARD_TERM_ANCESTOR)
		return guard_find_ancestor(q, value, term->more);
	if (kind == FILE_GUARD_TERM_ANCESTOR_GENERATION)
		return q->ancestor_generation == value;
	if (kind == FILE_GUARD_TERM_VERITY_ALGORITHM)
		return (__u64)guard_verity_algorithm() == value;
	if (kind == FILE_GUARD_TERM_VERITY_WORD)
		return guard_verity_word(term->more, value);
	return false;
}

static long guard_term_step(__u32 i, struct guard_walk *walk)
{
	struct file_guard_key key = { .kind = FILE_GUARD_TERM };
	struct guard_question *q = walk->q;
	struct file_guard_term *term;

	key.number = q->term_rule;
	key.inode = i;
	term = bpf_map_lookup_elem(walk->policy, &key);
	if (!term)
		return 1;
	if (!guard_term_holds(q, term))
		q->term_failed = 1;
	if (!(term->place & FILE_GUARD_TERM_LAST))
		return 0;
	if (!q->term_failed) {
		q->terms_hold = 1;
		return 1;
	}
	q->term_failed = 0;
	return term->place & FILE_GUARD_TERM_END ? 1 : 0;
}

/* Whether all terms of any entry hold. What the loop changes is in the question, whose contents the verifier takes for unknown. */
static __noinline bool guard_terms_hold(struct guard_walk *walk, __u32 rule)
{
	struct guard_question *q = walk->q;

	if (garrison_fallen_closed())
		return false;
	guard_identify(q);
	q->term_rule = rule;
	q->term_failed = 0;
	q->terms_hold = 0;
	bpf_loop(GUARD_PAGES, guard_term_step, walk, 0);
	return q->terms_hold;
}

/* Ends the process that a rule refused something to. Kernel threads and init cannot be: that is not told as done. */
static __always_inline void guard_kill(struct guard_question *q)
{
	if (!guard_is_own_process())
		q->killed = bpf_send_signal(GUARD_SIGKILL) == 0;
}

#endif
