/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * How file-guard decides: the policy's map, the walk from an object up to the root of its file system, the subjects.
 *
 * Each call of a hook looks the inner map up once and asks only that: no act is ever judged by a mixture of two policies.
 * Objects are known by file system and inode; text plays no part.
 */
#ifndef FILE_GUARD_POLICY_BPF_H
#define FILE_GUARD_POLICY_BPF_H

#include "garrison.bpf.h"
#include "file_guard.h"

_Static_assert(sizeof(struct file_guard_key) == 24, "Java writes 24 bytes");
_Static_assert(sizeof(struct file_guard_place) == 8, "Java writes 8 bytes");
_Static_assert(sizeof(struct file_guard_value) == 40, "Java writes 40 bytes");

/* Levels above which the kernel's own path code has long given up; only there to bound the loop. */
#define GUARD_LEVELS (1 << 23)
#define GUARD_PAGES (1 << 23)

#define GUARD_DCACHE_DISCONNECTED 0x20

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(map_flags, BPF_F_NO_PREALLOC);
		__uint(max_entries, 1);
		__type(key, struct file_guard_key);
		__type(value, struct file_guard_value);
	});
} policy SEC(".maps");

/*
 * Always 0, and the verifier does not know it. What a bpf_loop callback counts or branches on starts from here: older
 * verifiers (6.1) look at a callback once, with the values before the first round, and remove what those make unreachable.
 */
__u32 guard_zero SEC(".data.guard");

/* One question: what is done, where, and what has been found. The four masks say which of a rule's operations cover it. */
struct guard_question {
	void *policy;
	struct dentry *at;		/* how far up the walk is */
	struct dentry *common;		/* nearest directory above both names of a rename or link; NULL otherwise */
	struct file_guard_key key;
	__u64 matched_inode;
	__u32 generation;		/* of the inode at `at` */
	__u32 level;			/* 0 where the walk began */
	__u32 self;			/* on the object the walk began at */
	__u32 tree;			/* on something below a tree's root */
	__u32 beyond;			/* the same, from `common` upwards */
	__u32 above;			/* on a directory that leads to a protected place */
	__u32 act;			/* what was tried, for the event */
	__u32 hook;
	__u32 quiet;			/* another hook asked the same before: report only a refusal */
	__u32 found;			/* enum guard_finding */
	__u32 rule;
	__u32 operation;
};

enum guard_finding {
	GUARD_NOTHING = 0,
	GUARD_AUDITED = 1,
	GUARD_DENIED = 2,
};

/* The inode and device of the program that the current task runs; 0 for a kernel thread. */
static __always_inline void guard_executable(__u64 *inode_number, __u32 *device)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm;
	struct file *exe;
	struct inode *inode;

	*inode_number = 0;
	*device = 0;
	if (!mm)
		return;
	exe = mm->exe_file;
	if (!exe)
		return;
	inode = exe->f_inode;
	if (!inode)
		return;
	*inode_number = inode->i_ino;
	*device = inode->i_sb->s_dev;
}

static __always_inline __u32 guard_executable_generation(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm;
	struct file *exe;
	struct inode *inode;

	if (!mm)
		return 0;
	exe = mm->exe_file;
	if (!exe)
		return 0;
	inode = exe->f_inode;
	if (!inode)
		return 0;
	return inode->i_generation;
}

static __always_inline __u32 guard_fsuid(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return task->cred->fsuid.val;
}

static __always_inline bool guard_is_subject(struct guard_question *q, struct file_guard_key *key)
{
	struct file_guard_value *value = bpf_map_lookup_elem(q->policy, key);

	if (!value)
		return false;
	return !key->inode || !value->generation || value->generation == guard_executable_generation();
}

/* Whether the rule lets this task do it: an executable, a uid, or an executable run by a uid. */
static __noinline bool guard_allowed(struct guard_question *q, __u32 rule, __u32 traits)
{
	struct file_guard_key key = { .kind = FILE_GUARD_SUBJECT, .number = rule };

	if (traits & FILE_GUARD_BY_UID) {
		key.uid = guard_fsuid();
		if (guard_is_subject(q, &key))
			return true;
	}
	if (!(traits & (FILE_GUARD_BY_EXECUTABLE | FILE_GUARD_BY_BOTH)))
		return false;
	guard_executable(&key.inode, &key.device);
	/* A kernel thread runs no program; 0 would read as "any". */
	if (!key.inode)
		return false;
	if (traits & FILE_GUARD_BY_EXECUTABLE) {
		key.uid = FILE_GUARD_ANY_UID;
		if (guard_is_subject(q, &key))
			return true;
	}
	if (traits & FILE_GUARD_BY_BOTH) {
		key.uid = guard_fsuid();
		if (guard_is_subject(q, &key))
			return true;
	}
	return false;
}

/* One rule's word on the object at hand. A refusal ends the question; of what is only audited the first is kept. */
static __noinline int guard_weigh_place(struct guard_question *q, struct file_guard_place *place)
{
	__u32 covers = 0;

	if (place->coverage & (FILE_GUARD_SELF | FILE_GUARD_TREE) && q->level == 0)
		covers |= q->self;
	if (place->coverage & FILE_GUARD_TREE && q->level != 0)
		covers |= q->tree;
	if (place->coverage & FILE_GUARD_ABOVE && q->level == 0)
		covers |= q->above;
	covers &= place->operations;
	if (!covers || guard_allowed(q, place->rule, place->traits))
		return 0;
	if (place->traits & FILE_GUARD_ENFORCED && garrison_enforcing())
		q->found = GUARD_DENIED;
	else if (q->found == GUARD_NOTHING)
		q->found = GUARD_AUDITED;
	else
		return 0;
	q->rule = place->rule;
	q->matched_inode = q->key.inode;
	q->operation = covers & q->act;
	if (!q->operation)
		q->operation = q->act;
	return 0;
}

static __always_inline bool guard_weigh_page(struct guard_question *q)
{
	struct file_guard_value *value = bpf_map_lookup_elem(q->policy, &q->key);

	if (!value || (value->generation && q->key.inode && value->generation != q->generation))
		return false;
	for (int i = 0; i < FILE_GUARD_PLACES; i++) {
		if (!value->places[i].rule)
			return false;
		guard_weigh_place(q, &value->places[i]);
		if (q->found == GUARD_DENIED)
			return false;
	}
	return value->more;
}

static long guard_page_step(__u32 i, struct guard_question *q)
{
	q->key.number = i + 1;
	return guard_weigh_page(q) ? 0 : 1;
}

/* All that the policy says of one object; an object with more places than fit has further pages. */
static __noinline int guard_weigh(struct guard_question *q)
{
	q->key.number = 0;
	if (guard_weigh_page(q))
		bpf_loop(GUARD_PAGES, guard_page_step, q, 0);
	return 0;
}

static long guard_walk_step(__u32 level, struct guard_question *q)
{
	struct dentry *at = q->at, *parent;
	struct inode *inode = at->d_inode;

	if (at == q->common) {
		if (!q->beyond)
			return 1;
		q->tree = q->beyond;
	}
	if (inode) {
		q->key.inode = inode->i_ino;
		q->generation = inode->i_generation;
		q->level = level;
		guard_weigh(q);
		if (q->found == GUARD_DENIED)
			return 1;
	}
	parent = at->d_parent;
	if (parent != at) {
		q->at = parent;
		return 0;
	}
	/*
	 * Opened by handle, and no name known: it may lie in any tree of its file system, so the rules of all of them apply.
	 * They are kept under inode 0.
	 */
	if (at->d_flags & GUARD_DCACHE_DISCONNECTED) {
		q->key.inode = 0;
		q->level = 1;
		guard_weigh(q);
	}
	return 1;
}

/* Begins a question about something on a file system; false when nothing there is protected, which is the usual end. */
static __always_inline bool guard_begin(struct guard_question *q, struct dentry *dentry, __u32 hook, __u32 act)
{
	__u32 zero = 0;
	void *now = bpf_map_lookup_elem(&policy, &zero);

	if (!now)
		return false;
	__builtin_memset(&q->key, 0, sizeof(q->key));
	q->key.kind = FILE_GUARD_FILESYSTEM;
	q->key.device = dentry->d_sb->s_dev;
	if (!bpf_map_lookup_elem(now, &q->key))
		return false;
	q->key.kind = FILE_GUARD_OBJECT;
	q->policy = now;
	q->common = NULL;
	q->matched_inode = 0;
	q->generation = 0;
	q->level = 0;
	q->self = act;
	q->tree = act;
	q->beyond = 0;
	q->above = 0;
	q->act = act;
	q->hook = hook;
	q->quiet = 0;
	q->found = guard_zero;
	q->rule = 0;
	q->operation = 0;
	return true;
}

/* Walks up from `start` and weighs what it meets. May be called again for another object of the same act. */
static __always_inline void guard_walk(struct guard_question *q, struct dentry *start)
{
	q->at = start;
	bpf_loop(GUARD_LEVELS, guard_walk_step, q, 0);
}

/* Two names of one file system, on their way to the directory they share. */
struct guard_pair {
	struct dentry *first;
	struct dentry *second;
};

static long guard_climb_first(__u32 i, struct guard_pair *pair)
{
	struct dentry *parent = pair->first->d_parent;

	if (parent == pair->first)
		return 1;
	pair->first = parent;
	return 0;
}

static long guard_climb_second(__u32 i, struct guard_pair *pair)
{
	struct dentry *parent = pair->second->d_parent;

	if (parent == pair->second)
		return 1;
	pair->second = parent;
	return 0;
}

static long guard_climb_both(__u32 i, struct guard_pair *pair)
{
	struct dentry *first = pair->first, *second = pair->second;

	if (first == second)
		return 1;
	pair->first = first->d_parent;
	pair->second = second->d_parent;
	return pair->first == first && pair->second == second ? 1 : 0;
}

/*
 * The nearest directory above both; NULL when they share none, as when one was opened by handle. A directory that is moved
 * at this moment can make the answer only too high, which refuses too much rather than too little.
 */
static __always_inline struct dentry *guard_common(struct dentry *first, struct dentry *second)
{
	struct guard_pair pair = { first, second };
	long depth, other;

	if (first == second)
		return first;
	depth = bpf_loop(GUARD_LEVELS, guard_climb_first, &pair, 0);
	other = bpf_loop(GUARD_LEVELS, guard_climb_second, &pair, 0);
	pair.first = first;
	pair.second = second;
	if (depth > other)
		bpf_loop(depth - other, guard_climb_first, &pair, 0);
	else if (other > depth)
		bpf_loop(other - depth, guard_climb_second, &pair, 0);
	bpf_loop(GUARD_LEVELS, guard_climb_both, &pair, 0);
	return pair.first == pair.second ? pair.first : NULL;
}

#endif
