/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * How file-guard decides: the policy's map, the question that a program asks, whom a rule lets through.
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
	__u64 mount;		/* the struct vfsmount the object was reached through, 0: not told; later the struct mount that lies on */
	__u32 device;
	__u32 act;		/* what is tried, for the event */
	__u32 hook;
	__u16 on_self;		/* on an object that is protected itself, or the root of a tree */
	__u16 on_tree;		/* on what lies below a tree's root */
	__u16 on_shared;	/* the same, where the tree holds both names */
	__u16 on_above;		/* on a directory that leads to a protected place; 0: not asked */
	__u16 on_replaced;	/* on what the second name stood for */
	__u16 on_arrival;	/* on the trees that the second name comes into */
	__u16 on_fresh;		/* on a name that a rule knows, when the act brings it about */
	__u16 on_device;	/* on the block device that protected objects lie on; 0: not asked, and nothing else is if it is */
	__u8 quiet;		/* another hook asked the same before: report only a refusal */
	__u8 new_name;		/* 1: `dentry` does not exist yet, and its directory is asked */
	__u8 names;		/* rules know names on this file system */
	__u8 near;		/* nothing above counts: only the object, and its name */
	__u8 recalled;		/* what there is to know of the directory is known */
	__u16 covers;		/* what any rule on this file system covers */

	/* The walk. */
	__u8 lost;		/* it ended at something without a name */
	__u8 on_second;		/* it is that of the second name */
	__u8 known;		/* it began at an object that a rule knows by its inode */
	__u8 rooted;		/* it came to the file system's root */
	__u8 page_more;		/* there is another page of the directory at hand */
	__u8 conditional;	/* what was found hangs on more than what runs and for whom */
	__u8 met_tree;		/* from the directory on there is a tree's root */
	__u8 met_names;		/* rules know the directory or names in it */
	__u32 policy;		/* the number of the policy's map */
	__u16 self;		/* on an object protected itself: only where a walk begins */
	__u16 here;		/* on a tree's root, or what is below */
	__u16 tree;		/* becomes `here` above where the walk begins */
	__u16 shared;		/* becomes `tree` from `common` on */
	__u16 named;		/* on `child`, if a rule knows its name */
	__u32 level;		/* names between `at` and the end of its path */
	__u64 at;
	__u64 child;		/* the name in the directory `at` that the walk came by */
	__u64 second;		/* the other of two climbers, in search of the directory that both names share; later where the mount lies */
	__u64 common;		/* that directory; 0: none */
	struct file_guard_key key;
	__u32 page;		/* of the directory, while its names are looked at */
	__u32 name_rest;	/* the high half of the hash of `child` */

	/* Who asks, once that matters. */
	__u64 exe_inode;
	__u32 exe_device;
	__u32 exe_generation;
	__u32 uid;
	__u32 gid;
	__u32 passed;		/* the rule that was last found to let this task through */
	__u32 term_rule;	/* whose terms are gone through */
	__u32 ancestor_generation;	/* of the program that the term before looked for above the process */
	__u8 term_failed;	/* one of the entry at hand did not hold */
	__u8 terms_hold;	/* all of one entry did */
	__u8 ancestor_found;	/* the program that the term at hand asks for */
	__u8 killed;
	__u8 rated;		/* its rule has a RATE entry */
	__u8 limited;		/* and tells no more in this second */

	/* What was found: enum guard_finding, and what caused it. */
	__u32 rule;
	__u32 operation;
	__u64 matched_inode;
	__s32 depth;
	__u8 identified;
	__u8 found;
	__u8 matched_second;

	/* The report. */
	__u8 cut;
	__u32 used;		/* bytes of names */
	__s32 seen;		/* how many of the object's names the process sees below that mount, or its root; -1: not known */
};

enum guard_finding {
	GUARD_NOTHING = 0,
	GUARD_AUDITED = 1,
	GUARD_DENIED = 2,
};

/* Since 6.2 an address can be read as what it is known to be, at no cost. Before, each read is a call. */
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

#define GUARD_AS(type, address) ((type *)bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(type)))
/* The address in a variable: what looks through one of our own structures there would be looked for in the kernel's types. */
#define GUARD_READ(type, address, member)                                                                            \
	({                                                                                                           \
		__u64 guard_address = (address);                                                                     \
		bpf_rdonly_cast ? (__u64)GUARD_AS(type, guard_address)->member                                       \
				: (__u64)BPF_CORE_READ((type *)guard_address, member);                               \
	})

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

#include "file_guard_subjects.bpf.h"

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
 * Whether the object at hand belongs to whom the rule is about. What does not exist yet will belong to who makes it; what leads to
 * a protected place, or lies on its device, counts for whatever is there.
 */
static __noinline bool guard_is_owned(struct guard_walk *walk, __u32 rule)
{
	struct file_guard_key key = { .kind = FILE_GUARD_OWNER, .number = rule };
	struct guard_question *q = walk->q;
	struct file_guard_value *value;
	__u64 inode;

	if (q->key.kind == FILE_GUARD_ABOVE || q->key.kind == FILE_GUARD_DEVICE)
		return true;
	value = bpf_map_lookup_elem(walk->policy, &key);
	if (!value)
		return true;
	inode = q->on_second ? guard_inode(q->other) : 0;
	if (!inode)
		inode = guard_inode(q->dentry);
	if (inode)
		return GUARD_READ(struct inode, inode, i_uid.val) == value->generation;
	guard_identify(q);
	return q->uid == value->generation;
}

/*
 * One rule's word on the object at hand: true when it is a refusal, which ends the question. Of what is only audited the
 * first is kept.
 */
static __always_inline bool guard_weigh(struct guard_walk *walk, struct file_guard_value *value)
{
	struct guard_question *q = walk->q;
	__u32 covers = 0;

	if (value->coverage & FILE_GUARD_SELF)
		covers = q->self;
	if (value->coverage & FILE_GUARD_TREE)
		covers |= q->here;
	if (value->coverage & FILE_GUARD_NAMED)
		covers |= q->named;
	covers &= value->operations;
	if (!covers || value->rule == q->passed)
		return false;
	if (value->traits & (FILE_GUARD_BY_OWNER | FILE_GUARD_BY_TERMS))
		q->conditional = 1;
	if (value->traits & FILE_GUARD_BY_OWNER && !guard_is_owned(walk, value->rule))
		return false;
	if (guard_allowed(walk, value->rule, value->traits) ||
	    (value->traits & FILE_GUARD_BY_TERMS && guard_terms_hold(walk, value->rule))) {
		q->passed = value->rule;
		return false;
	}
	if (value->traits & FILE_GUARD_ENFORCED && garrison_enforcing()) {
		q->found = GUARD_DENIED;
		if (value->traits & FILE_GUARD_KILLS)
			guard_kill(q);
	} else if (q->found == GUARD_NOTHING) {
		q->found = GUARD_AUDITED;
	} else {
		return false;
	}
	q->rule = value->rule;
	q->rated = !!(value->traits & FILE_GUARD_RATED);
	q->matched_inode = q->key.inode;
	q->depth = q->level;
	q->matched_second = q->on_second;
	covers &= q->act;
	q->operation = covers ? covers : q->act;
	return q->found == GUARD_DENIED;
}

#endif
