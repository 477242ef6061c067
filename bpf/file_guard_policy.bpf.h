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
 * One question: what is done, where, and what has been found. Programs fill it on their stack and hand it to a global
 * function. That one the verifier checks once for itself, with contents it knows nothing of, and not once for each way that
 * leads there: a fraction of the work, and nothing that a bpf_loop callback changes is ever taken for a constant (6.1 looks
 * at a callback but once). Kernel pointers are mere addresses in it.
 */
struct guard_question {
	/* The act, filled by the program. The masks say which of a rule's operations cover it. */
	__u64 dentry;		/* the object, or the new name */
	__u64 other;		/* the second name of a rename or link; 0 otherwise */
	__u32 device;
	__u32 act;		/* what is tried, for the event */
	__u32 hook;
	__u32 quiet;		/* another hook asked the same before: report only a refusal */
	__u32 new_name;		/* 1: `dentry` does not exist yet, and its directory is asked */
	__u32 on_self;		/* on an object that is protected itself, or the root of a tree */
	__u32 on_tree;		/* on what lies below a tree's root */
	__u32 on_shared;	/* the same, where the tree holds both names */
	__u32 on_above;		/* on a directory that leads to a protected place; 0: not asked */
	__u32 on_replaced;	/* on what the second name stood for */
	__u32 on_arrival;	/* on the trees that the second name comes into */

	/* The walk. */
	__u32 level;		/* names between `at` and the end of its path */
	__u64 at;
	__u64 second;		/* the other of two climbers, in search of the directory that both names share */
	__u64 common;		/* that directory; 0: none */
	struct file_guard_key key;
	__u32 self;		/* on an object protected itself: only where a walk begins */
	__u32 here;		/* on a tree's root, or what is below */
	__u32 tree;		/* becomes `here` above where the walk begins */
	__u32 shared;		/* becomes `tree` from `common` on */
	__u32 lost;		/* the walk ended at something without a name */
	__u32 on_second;	/* the walk is that of the second name */

	/* Who asks, once that matters. */
	__u64 exe_inode;
	__u32 exe_device;
	__u32 exe_generation;
	__u32 uid;
	__u32 gid;
	__u32 identified;

	/* What was found: enum guard_finding, and what caused it. */
	__u32 found;
	__u32 rule;
	__u32 operation;
	__s32 depth;
	__u64 matched_inode;
	__u32 matched_second;

	/* The report. */
	__u32 used;		/* bytes of names */
	__u32 cut;
};

enum guard_finding {
	GUARD_NOTHING = 0,
	GUARD_AUDITED = 1,
	GUARD_DENIED = 2,
};

/* Since 6.2 an address can be read as what it is known to be, at no cost. Before, each read is a call. */
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

#define GUARD_AS(type, address) ((type *)bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(type)))
#define GUARD_READ(type, address, member)                                                                            \
	(bpf_rdonly_cast ? (__u64)GUARD_AS(type, address)->member : (__u64)BPF_CORE_READ((type *)(address), member))

static __always_inline __u64 guard_parent(__u64 dentry)
{
	return GUARD_READ(struct dentry, dentry, d_parent);
}

static __always_inline __u64 guard_inode(__u64 dentry)
{
	return GUARD_READ(struct dentry, dentry, d_inode);
}

static __always_inline __u64 guard_number(__u64 inode)
{
	return inode ? GUARD_READ(struct inode, inode, i_ino) : 0;
}

/*
 * Who asks; once a question at most. The program's inode is 0 for a kernel thread. A function of its own, for each look through
 * a typed pointer has the verifier search all of the kernel's types by name: 10 ms in an emulated guest, half a second a program.
 */
__noinline int guard_identify(struct guard_question *q)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm;
	struct file *exe;
	struct inode *inode;

	if (!q || q->identified)
		return 0;
	q->identified = 1;
	q->uid = task->cred->fsuid.val;
	q->gid = task->cred->fsgid.val;
	if (!mm)
		return 0;
	exe = mm->exe_file;
	if (!exe)
		return 0;
	inode = exe->f_inode;
	if (!inode)
		return 0;
	q->exe_inode = inode->i_ino;
	q->exe_generation = inode->i_generation;
	q->exe_device = inode->i_sb->s_dev;
	return 0;
}

static __always_inline bool guard_is_subject(void *now, struct guard_question *q, struct file_guard_key *key)
{
	struct file_guard_value *value = bpf_map_lookup_elem(now, key);

	if (!value)
		return false;
	return !key->inode || !value->generation || value->generation == q->exe_generation;
}

/* What a loop's callback is handed: the policy of this question, and the question. */
struct guard_walk {
	void *policy;
	struct guard_question *q;
};

/* Whether the rule lets this task do it: an executable, a uid, or an executable run by a uid. */
static __noinline bool guard_allowed(struct guard_walk *walk, __u32 rule, __u32 traits)
{
	struct file_guard_key key = { .kind = FILE_GUARD_SUBJECT, .number = rule };
	struct guard_question *q = walk->q;
	void *now = walk->policy;

	if (!(traits & (FILE_GUARD_BY_UID | FILE_GUARD_BY_EXECUTABLE | FILE_GUARD_BY_BOTH)) || garrison_fallen_closed())
		return false;
	guard_identify(q);
	if (traits & FILE_GUARD_BY_UID) {
		key.uid = q->uid;
		if (guard_is_subject(now, q, &key))
			return true;
	}
	if (!(traits & (FILE_GUARD_BY_EXECUTABLE | FILE_GUARD_BY_BOTH)))
		return false;
	key.inode = q->exe_inode;
	key.device = q->exe_device;
	/* A kernel thread runs no program; 0 would read as "any". */
	if (!key.inode)
		return false;
	if (traits & FILE_GUARD_BY_EXECUTABLE) {
		key.uid = FILE_GUARD_ANY_UID;
		if (guard_is_subject(now, q, &key))
			return true;
	}
	if (traits & FILE_GUARD_BY_BOTH) {
		key.uid = q->uid;
		if (guard_is_subject(now, q, &key))
			return true;
	}
	return false;
}

/*
 * One rule's word on the object at hand: true when it is a refusal, which ends the question. Of what is only audited the
 * first is kept.
 */
static __noinline bool guard_weigh(struct guard_walk *walk, struct file_guard_value *value)
{
	struct guard_question *q = walk->q;
	__u32 covers = 0;

	if (value->coverage & FILE_GUARD_SELF)
		covers = q->self;
	if (value->coverage & FILE_GUARD_TREE)
		covers |= q->here;
	covers &= value->operations;
	if (!covers || guard_allowed(walk, value->rule, value->traits))
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
	q->matched_second = q->on_second;
	covers &= q->act;
	q->operation = covers ? covers : q->act;
	return q->found == GUARD_DENIED;
}

/* All that the policy says of the object in q->key. */
static long guard_page_step(__u32 i, struct guard_walk *walk)
{
	struct file_guard_key key = walk->q->key;
	struct file_guard_value *value;

	key.number = i;
	value = bpf_map_lookup_elem(walk->policy, &key);
	if (!value || guard_weigh(walk, value))
		return 1;
	return value->more ? 0 : 1;
}

static long guard_walk_step(__u32 i, struct guard_walk *walk)
{
	struct guard_question *q = walk->q;
	__u64 at = q->at, inode = guard_inode(at), parent;
	struct file_guard_value *value;
	struct file_guard_key key;

	if (at == q->common) {
		if (!q->shared)
			return 1;
		q->tree = q->shared;
		q->here = q->shared;
	}
	if (inode) {
		q->key.inode = guard_number(inode);
		key = q->key;
		value = bpf_map_lookup_elem(walk->policy, &key);
		if (value && (!value->generation || value->generation == GUARD_READ(struct inode, inode, i_generation))) {
			if (guard_weigh(walk, value))
				return 1;
			if (value->more) {
				q->key.number++;
				return 0;
			}
		}
		q->key.number = 0;
	}
	parent = guard_parent(at);
	if (parent == at) {
		/* Opened by handle, and no name known. */
		q->lost = GUARD_READ(struct dentry, at, d_flags) & GUARD_DCACHE_DISCONNECTED;
		return 1;
	}
	q->at = parent;
	q->level++;
	q->self = 0;
	q->here = q->tree;
	return 0;
}

/* Walks up from `start`, which lies `level` names above the end of its path, and weighs what it meets. */
static __noinline int guard_walk_up(struct guard_walk *walk, __u64 start, __u32 level)
{
	struct guard_question *q = walk->q;

	q->at = start;
	q->level = level;
	q->here = q->self;
	q->lost = 0;
	q->key.kind = FILE_GUARD_OBJECT;
	q->key.number = 0;
	bpf_loop(GUARD_LEVELS, guard_walk_step, walk, 0);
	if (q->lost && q->found != GUARD_DENIED) {
		/* It may lie in any tree of its file system, so the rules of all of them apply; they are kept under inode 0. */
		q->key.inode = 0;
		q->level = -1;
		bpf_loop(GUARD_PAGES, guard_page_step, walk, 0);
	}
	return 0;
}

static long guard_climb_at(__u32 i, struct guard_question **q)
{
	__u64 at = (*q)->at;

	(*q)->at = guard_parent(at);
	return (*q)->at == at ? 1 : 0;
}

static long guard_climb_second(__u32 i, struct guard_question **q)
{
	__u64 second = (*q)->second;

	(*q)->second = guard_parent(second);
	return (*q)->second == second ? 1 : 0;
}

static long guard_climb_both(__u32 i, struct guard_question **q)
{
	if ((*q)->at == (*q)->second)
		return 1;
	return guard_climb_at(i, q) & guard_climb_second(i, q);
}

/*
 * Finds the nearest directory above both names; 0 when they share none, as when one was opened by handle. A directory that
 * is moved at this moment can make the answer only too high, which refuses too much rather than too little.
 */
__noinline int guard_meet(struct guard_question *q)
{
	__u64 first, second;
	long depth, other;

	if (!q)
		return 0;
	first = guard_parent(q->dentry);
	second = guard_parent(q->other);
	q->common = first;
	if (first == second)
		return 0;
	q->at = first;
	q->second = second;
	depth = bpf_loop(GUARD_LEVELS, guard_climb_at, &q, 0);
	other = bpf_loop(GUARD_LEVELS, guard_climb_second, &q, 0);
	q->at = first;
	q->second = second;
	if (depth > other)
		bpf_loop(depth - other, guard_climb_at, &q, 0);
	else if (other > depth)
		bpf_loop(other - depth, guard_climb_second, &q, 0);
	bpf_loop(GUARD_LEVELS, guard_climb_both, &q, 0);
	q->common = q->at == q->second ? q->at : 0;
	return 0;
}

/* Answers a question in q->found, by the policy of this moment from the first look to the last. */
__noinline int guard_judge(struct guard_question *q)
{
	struct guard_walk walk = {};
	__u32 zero = 0;

	if (!q)
		return 0;
	walk.policy = bpf_map_lookup_elem(&policy, &zero);
	if (!walk.policy)
		return 0;
	walk.q = q;
	if (q->other)
		guard_meet(q);
	q->self = q->on_self;
	q->tree = q->on_tree;
	q->shared = q->on_shared;
	guard_walk_up(&walk, q->new_name ? guard_parent(q->dentry) : q->dentry, q->new_name);
	if (q->on_above && q->found != GUARD_DENIED) {
		q->self = q->on_above;
		q->level = 0;
		q->key.kind = FILE_GUARD_ABOVE;
		q->key.inode = guard_number(guard_inode(q->dentry));
		bpf_loop(GUARD_PAGES, guard_page_step, &walk, 0);
	}
	if (!q->other)
		return 0;
	q->on_second = 1;
	if (q->on_replaced && guard_inode(q->other) && q->found != GUARD_DENIED) {
		q->self = q->on_replaced;
		q->tree = q->on_replaced;
		q->shared = q->on_replaced;
		guard_walk_up(&walk, q->other, 0);
	}
	/* Into the trees that hold both names nothing comes. */
	if (guard_parent(q->other) != q->common && q->found != GUARD_DENIED) {
		q->self = q->on_arrival;
		q->tree = q->on_arrival;
		q->shared = 0;
		guard_walk_up(&walk, guard_parent(q->other), 1);
	}
	return 0;
}

/*
 * Begins a question about something on a file system; false when no rule for anything there covers one of the operations in
 * `may`, which is the usual end. The masks are those of a plain act on one object.
 */
static __always_inline bool guard_begin_at(struct guard_question *q, __u64 dentry, __u32 device, __u32 hook, __u32 act,
					   __u32 may)
{
	struct file_guard_key key = { .kind = FILE_GUARD_FILESYSTEM };
	struct file_guard_value *value;
	__u32 zero = 0;
	void *now = bpf_map_lookup_elem(&policy, &zero);

	if (!now)
		return false;
	key.device = device;
	value = bpf_map_lookup_elem(now, &key);
	if (!value || !(value->operations & may))
		return false;
	__builtin_memset(q, 0, sizeof(*q));
	q->dentry = dentry;
	q->device = device;
	q->key.device = device;
	q->act = act;
	q->hook = hook;
	q->on_self = act;
	q->on_tree = act;
	return true;
}

static __always_inline bool guard_begin(struct guard_question *q, struct dentry *dentry, __u32 hook, __u32 act, __u32 may)
{
	return guard_begin_at(q, (__u64)dentry, dentry->d_sb->s_dev, hook, act, may);
}

#endif
