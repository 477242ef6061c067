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

/* In search of a process above the current one that runs a file. */
struct guard_lineage {
	struct guard_question *q;
	__u64 task;
	__u64 number;		/* the file's */
	__u32 device;
};

/*
 * One process further up. One that ends at this moment gives its memory back, to be used for another's: what was read counts only if
 * it was still the process's afterwards.
 */
static long guard_ancestor_step(__u32 i, struct guard_lineage *lineage)
{
	__u64 task = GUARD_READ(struct task_struct, lineage->task, real_parent), mm, exe, inode, super;

	if (!task || task == lineage->task)
		return 1;
	lineage->task = task;
	mm = GUARD_READ(struct task_struct, task, mm);
	if (!mm)
		return 0;
	exe = GUARD_READ(struct mm_struct, mm, exe_file);
	if (!exe)
		return 0;
	inode = GUARD_READ(struct file, exe, f_inode);
	if (!inode || GUARD_READ(struct inode, inode, i_ino) != lineage->number)
		return 0;
	super = GUARD_READ(struct inode, inode, i_sb);
	if (!super || GUARD_READ(struct super_block, super, s_dev) != lineage->device)
		return 0;
	lineage->q->ancestor_generation = GUARD_READ(struct inode, inode, i_generation);
	if (GUARD_READ(struct mm_struct, mm, exe_file) != exe || GUARD_READ(struct task_struct, task, mm) != mm)
		return 0;
	lineage->q->ancestor_found = 1;
	return 1;
}

/* Whether a process above the current one runs a file, whose generation is kept. */
__noinline int guard_find_ancestor(struct guard_question *q, __u64 number, __u32 device)
{
	struct guard_lineage lineage = { .q = q, .task = bpf_get_current_task(), .number = number, .device = device };

	if (!q)
		return 0;
	q->ancestor_found = 0;
	bpf_loop(GUARD_ANCESTORS, guard_ancestor_step, &lineage, 0);
	return q->ancestor_found;
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
