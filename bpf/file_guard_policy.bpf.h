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
_Static_assert(sizeof(struct file_guard_value) == 16, "Java writes 16 bytes");

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
		/* Not __type: of a struct that only an inner map's definition names, clang 14 writes no more than the name. */
		__uint(key_size, sizeof(struct file_guard_key));
		__uint(value_size, sizeof(struct file_guard_value));
	});
} policy SEC(".maps");

/* Never read: they name the types in the BTF, where Java looks for their fields. */
struct file_guard_value *guard_value_type SEC(".data.guard");
struct file_guard_event *guard_event_type SEC(".data.guard");

/*
 * Always 0, and the verifier does not know it. What a bpf_loop callback changes starts from here. Older verifiers (6.1) look
 * at a callback once, with the values before the first round, and remove what those make unreachable; newer ones look again
 * for each value they know, some ten thousand instructions more, and with an unknown one they are done at the second look.
 */
__u32 guard_zero SEC(".data.guard");

/* One question: what is done, where, and what has been found. The masks say which of a rule's operations cover it. */
struct guard_question {
	void *policy;
	struct dentry *at;		/* how far up the walk is */
	__u64 common;			/* nearest directory above both names of a rename or link; 0 otherwise */
	struct dentry *dentry;		/* what to report, and a second name of it */
	struct dentry *other;
	struct file_guard_key key;
	__u64 matched_inode;
	__u32 self;			/* on an object that is protected itself; none above where the walk began */
	__u32 here;			/* on the root of a tree, or what is below it: `self` at first, then `tree` */
	__u32 tree;
	__u32 beyond;			/* becomes `tree` from `common` upwards */
	__u32 lost;			/* the walk ended at something without a name */
	__s32 level;			/* of `at`: names below it on the path to report */
	__u32 on_second;		/* the walk is that of the second name */
	__u32 act;			/* what was tried, for the event */
	__u32 hook;
	__u32 quiet;			/* another hook asked the same before: report only a refusal */
	__u32 found;			/* enum guard_finding; what follows describes it */
	__u32 rule;
	__u32 operation;
	__s32 depth;
	__u32 second;
};

enum guard_finding {
	GUARD_NOTHING = 0,
	GUARD_AUDITED = 1,
	GUARD_DENIED = 2,
};

/*
 * The same dentry without the verifier's trust: the trusted argument that a walk would begin with and the plain ones it meets
 * later are two kinds to newer verifiers, which would look at the whole walk for each. Costs nothing at run time. Since 6.2.
 */
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

static __always_inline struct dentry *guard_plain(struct dentry *dentry)
{
	if (bpf_rdonly_cast)
		return bpf_rdonly_cast(dentry, bpf_core_type_id_kernel(struct dentry));
	return dentry;
}

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

/*
 * One rule's word on the object at hand: true when it is a refusal, which ends the question. Of what is only audited the
 * first is kept.
 */
static __noinline bool guard_weigh(struct guard_question *q, struct file_guard_value *value)
{
	__u32 covers = 0;

	if (value->coverage & FILE_GUARD_SELF)
		covers = q->self;
	if (value->coverage & FILE_GUARD_TREE)
		covers |= q->here;
	covers &= value->operations;
	if (!covers || guard_allowed(q, value->rule, value->traits))
		return false;
	if (value->traits & FILE_GUARD_ENFORCED && garrison_enforcing())
		q->found = GUARD_DENIED;
	else if (q->found == GUARD_NOTHING)
		q->found = GUARD_AUDITED;
	else
		return false;
	q->rule = value->rule;
	q->matched_inode = q->key.inode;
	q->depth = q->level;
	q->second = q->on_second;
	q->operation = covers & q->act ? covers & q->act : q->act;
	return q->found == GUARD_DENIED;
}

/* All that the policy says of the object in q->key. */
static long guard_page_step(__u32 i, struct guard_question *q)
{
	struct file_guard_value *value;

	q->key.number = i;
	value = bpf_map_lookup_elem(q->policy, &q->key);
	if (!value || guard_weigh(q, value))
		return 1;
	return value->more ? 0 : 1;
}

static long guard_walk_step(__u32 i, struct guard_question *q)
{
	struct dentry *at = q->at, *parent;
	struct inode *inode = at->d_inode;
	struct file_guard_value *value;

	if ((__u64)at == q->common) {
		if (!q->beyond)
			return 1;
		q->tree = q->beyond;
		q->here = q->beyond;
	}
	if (inode) {
		q->key.inode = inode->i_ino;
		value = bpf_map_lookup_elem(q->policy, &q->key);
		if (value && (!value->generation || value->generation == inode->i_generation)) {
			if (guard_weigh(q, value))
				return 1;
			if (value->more) {
				q->key.number++;
				return 0;
			}
		}
		q->key.number = 0;
	}
	parent = at->d_parent;
	if (parent == at) {
		/* Opened by handle, and no name known. */
		q->lost = at->d_flags & GUARD_DCACHE_DISCONNECTED;
		return 1;
	}
	q->at = parent;
	q->level++;
	q->self = 0;
	q->here = q->tree;
	return 0;
}

/*
 * Begins a question about something on a file system; false when no rule for anything there covers one of the operations in
 * `may`, which is the usual end.
 */
static __always_inline bool guard_begin(struct guard_question *q, struct dentry *dentry, __u32 hook, __u32 act, __u32 may)
{
	__u32 zero = 0, unknown = guard_zero;
	void *now = bpf_map_lookup_elem(&policy, &zero);
	struct file_guard_value *value;

	if (!now)
		return false;
	__builtin_memset(&q->key, 0, sizeof(q->key));
	q->key.kind = FILE_GUARD_FILESYSTEM;
	q->key.device = dentry->d_sb->s_dev;
	value = bpf_map_lookup_elem(now, &q->key);
	if (!value || !(value->operations & may))
		return false;
	q->policy = now;
	q->common = unknown;
	q->matched_inode = unknown;
	q->self = unknown | act;
	q->tree = unknown | act;
	q->beyond = unknown;
	q->on_second = unknown;
	q->act = unknown | act;
	q->hook = hook;
	q->quiet = 0;
	q->found = unknown;
	q->rule = unknown;
	q->operation = unknown;
	q->depth = unknown;
	q->second = unknown;
	return true;
}

/*
 * Walks up from `start`, which lies `level` names above the end of the path, and weighs what it meets. May be called again for
 * another object of the same act.
 */
static __always_inline void guard_walk(struct guard_question *q, struct dentry *start, __s32 level)
{
	q->at = guard_plain(start);
	q->level = guard_zero + level;
	q->here = q->self;
	q->lost = guard_zero;
	q->key.kind = FILE_GUARD_OBJECT;
	q->key.number = guard_zero;
	q->key.inode = guard_zero;
	bpf_loop(GUARD_LEVELS, guard_walk_step, q, 0);
	if (q->lost && q->found != GUARD_DENIED) {
		/* It may lie in any tree of its file system, so the rules of all of them apply; they are kept under inode 0. */
		q->key.inode = guard_zero;
		q->level = (__s32)guard_zero - 1;
		bpf_loop(GUARD_PAGES, guard_page_step, q, 0);
	}
	/* No change, but to the verifier all ways to here are one from now on. */
	q->found += guard_zero;
	q->rule += guard_zero;
	q->operation += guard_zero;
	q->depth += guard_zero;
	q->second += guard_zero;
	q->matched_inode += guard_zero;
	q->tree += guard_zero;
	q->lost = guard_zero;
}

/* Weighs an act that would move, remove or hide a directory on the way to a protected place. */
static __always_inline void guard_look_above(struct guard_question *q, struct dentry *dentry, __u32 act)
{
	struct inode *inode = dentry->d_inode;

	if (!inode || q->found == GUARD_DENIED)
		return;
	q->level = guard_zero;
	q->on_second = guard_zero;
	q->self = guard_zero | act;
	q->key.kind = FILE_GUARD_ABOVE;
	q->key.inode = inode->i_ino;
	bpf_loop(GUARD_PAGES, guard_page_step, q, 0);
}

/* Two directories of one file system, on their way to the one that both lie in. Mere addresses to a global function. */
struct guard_pair {
	struct dentry *first;
	struct dentry *second;
};

static long guard_climb_first(__u32 i, struct guard_pair *pair)
{
	struct dentry *at = pair->first;

	pair->first = BPF_CORE_READ(at, d_parent);
	return pair->first == at ? 1 : 0;
}

static long guard_climb_second(__u32 i, struct guard_pair *pair)
{
	struct dentry *at = pair->second;

	pair->second = BPF_CORE_READ(at, d_parent);
	return pair->second == at ? 1 : 0;
}

static long guard_climb_both(__u32 i, struct guard_pair *pair)
{
	struct dentry *first = pair->first, *second = pair->second;

	if (first == second)
		return 1;
	guard_climb_first(i, pair);
	guard_climb_second(i, pair);
	return pair->first == first && pair->second == second ? 1 : 0;
}

/*
 * The nearest directory above both; 0 when they share none, as when one was opened by handle. A directory that is moved at
 * this moment can make the answer only too high, which refuses too much rather than too little.
 */
__noinline __u64 guard_common(struct guard_pair *start)
{
	struct guard_pair pair;
	long depth, other;

	if (!start)
		return 0;
	pair = *start;
	depth = bpf_loop(GUARD_LEVELS, guard_climb_first, &pair, 0);
	other = bpf_loop(GUARD_LEVELS, guard_climb_second, &pair, 0);
	pair = *start;
	if (depth > other)
		bpf_loop(depth - other, guard_climb_first, &pair, 0);
	else if (other > depth)
		bpf_loop(other - depth, guard_climb_second, &pair, 0);
	bpf_loop(GUARD_LEVELS, guard_climb_both, &pair, 0);
	return pair.first == pair.second ? (__u64)pair.first : 0;
}

/* Sets q->common for an act on two names. */
static __always_inline void guard_meet(struct guard_question *q, struct dentry *first, struct dentry *second)
{
	struct guard_pair pair = { first->d_parent, second->d_parent };

	if (pair.first == pair.second)
		q->common = (__u64)pair.first;
	else
		q->common = guard_common(&pair);
}

#endif
