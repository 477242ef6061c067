/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* How file-guard finds the rules for an object: the walk up to the root of its file system, and names that rules know. */
#ifndef FILE_GUARD_WALK_BPF_H
#define FILE_GUARD_WALK_BPF_H

#include "file_guard_passes.bpf.h"
#include "file_guard_types.bpf.h"

#define GUARD_NAME_MAX 255

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

static __always_inline __u32 guard_name_length(__u64 dentry)
{
	__u32 length = GUARD_READ(struct dentry, dentry, d_name.len);

	return length > GUARD_NAME_MAX ? GUARD_NAME_MAX : length;
}

/* Eight bytes of a name, little-endian. */
static __always_inline __u64 guard_name_word(__u64 name)
{
	__u64 word;

	bpf_probe_read_kernel(&word, sizeof(word), (void *)name);
	return word;
}

/*
 * Makes q->key that of the name q->child. Eight bytes a round, of the last ones only those that belong to the name (the order
 * is that of a little-endian machine). Reading past its end is safe: names lie in memory that is handed out by eights. What comes
 * after the loop does not look at its counter: the verifier then follows it once, not once for each length.
 */
__noinline int guard_ask_for_name(struct guard_question *q)
{
	__u64 child, hash, name;
	__u32 length, i;

	if (!q)
		return 0;
	child = q->child;
	name = GUARD_READ(struct dentry, child, d_name.name);
	length = guard_name_length(child);
	hash = GUARD_HASH_SEED ^ length;
	for (i = 0; i < GUARD_NAME_MAX / 8; i++) {
		if (i >= length / 8)
			break;
		hash = guard_mix(hash, guard_name_word(name + i * 8));
	}
	if (length % 8)
		hash = guard_mix(hash, guard_name_word(name + length / 8 * 8) & ((1ULL << length % 8 * 8) - 1));
	q->page = q->key.number;
	q->name_rest = hash >> 32;
	q->key.kind = FILE_GUARD_NAME;
	q->key.number = 0;
	q->key.uid = (__u32)hash;
	return 0;
}

/* Whether an entry is about the file or the name at hand, and not about one that had its number, or half its hash. */
static __always_inline bool guard_is_meant(struct guard_question *q, struct file_guard_value *value, __u64 inode)
{
	if (q->key.kind == FILE_GUARD_NAME)
		return value->generation == q->name_rest;
	return !value->generation || value->generation == GUARD_READ(struct inode, inode, i_generation);
}

/*
 * One entry of the policy, or one level up. A directory in which rules know names is interrupted for those of q->child; where
 * there are none, names cost nothing.
 */
static long guard_walk_step(__u32 i, struct guard_walk *walk)
{
	struct guard_question *q = walk->q;
	__u64 at = q->at, inode = guard_inode(at), parent;
	struct file_guard_value *value;
	struct file_guard_key key;

	if (at == q->common) {
		if (!q->shared && !q->named)
			return 1;
		q->tree = q->shared;
		q->here = q->shared;
	}
	if (inode) {
		q->key.inode = guard_number(inode);
		key = q->key;
		value = bpf_map_lookup_elem(walk->policy, &key);
		if (value && guard_is_meant(q, value, inode)) {
			if (at != q->dentry && key.kind == FILE_GUARD_OBJECT) {
				q->met_tree |= !!(value->coverage & FILE_GUARD_TREE);
				q->met_names |= q->level == 1 && value->coverage & (FILE_GUARD_NAMED | FILE_GUARD_SELF);
			}
			if (guard_weigh(walk, value))
				return 1;
			if (q->self && value->coverage & FILE_GUARD_SELF)
				q->known = 1;
			if (q->named && value->coverage & FILE_GUARD_NAMED && key.kind == FILE_GUARD_OBJECT) {
				q->page_more = value->more;
				guard_ask_for_name(q);
				return 0;
			}
			if (value->more) {
				q->key.number++;
				return 0;
			}
		}
		if (key.kind == FILE_GUARD_NAME) {
			q->key.kind = FILE_GUARD_OBJECT;
			q->key.number = q->page + 1;
			q->key.uid = 0;
			q->named = 0;
			if (q->page_more)
				return 0;
		}
		q->key.number = 0;
	}
	parent = guard_parent(at);
	if (parent == at) {
		/* Opened by handle, and no name known. */
		q->lost = !!(GUARD_READ(struct dentry, at, d_flags) & GUARD_DCACHE_DISCONNECTED);
		q->rooted = !q->lost;
		return 1;
	}
	if (q->self | q->named) {
		q->child = at;
		q->named = q->self;
		/* A file that is known by its name alone is no longer known under another. */
		if (q->self && !q->known)
			q->named |= q->tree & FILE_GUARD_ALWAYS;
		q->self = 0;
	}
	if (!(q->tree | q->shared | q->named))
		return 1;
	q->at = parent;
	q->level++;
	q->here = q->tree;
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

/* A question is answered in stages, each about one of these parts. */
enum guard_part {
	GUARD_PART_OBJECT = 0,	/* the object, or its new name */
	GUARD_PART_REPLACED = 1,	/* what the second name of a rename or link stood for */
	GUARD_PART_ARRIVAL = 2,	/* what the second name comes into */
	GUARD_PARTS = 3,
};

/* The stages of each part; what is asked after a walk are pages of the policy that belong to no object on the way. */
enum guard_stage {
	GUARD_STAGE_WALK = 0,
	GUARD_STAGE_LOST = 1,
	GUARD_STAGE_TYPE = 2,
	GUARD_STAGE_APART = 3,	/* the directory as one that leads to a protected place, or its device */
	GUARD_STAGES = 4,
};

/*
 * Where a part's walk begins; 0 where nothing is asked of it. Sets what is asked of the objects on the way, and of the name q->child
 * in the first of them.
 */
static __always_inline __u64 guard_begin_part(struct guard_question *q, __u32 part)
{
	__u64 replaced, parent;

	if (part == GUARD_PART_OBJECT) {
		q->self = q->on_self;
		q->tree = q->near ? 0 : q->on_tree;
		q->shared = q->on_shared;
		q->child = q->dentry;
		q->named = q->new_name ? q->on_fresh : 0;
		q->level = q->new_name;
		return q->on_device ? 0 : q->new_name ? guard_parent(q->dentry) : q->dentry;
	}
	q->on_second = 1;
	replaced = guard_inode(q->other);
	if (part == GUARD_PART_REPLACED) {
		q->self = q->on_replaced;
		q->tree = q->on_replaced;
		q->shared = q->on_replaced;
		q->named = 0;
		q->level = 0;
		return q->on_replaced && replaced ? q->other : 0;
	}
	/* Into the trees that hold both names nothing comes; a name that a rule knows may come about in any directory. */
	parent = guard_parent(q->other);
	q->self = parent != q->common ? q->on_arrival : 0;
	q->tree = q->self;
	q->shared = 0;
	q->child = q->other;
	q->named = replaced || !q->names ? 0 : q->on_fresh;
	q->level = 1;
	return q->self | q->named ? parent : 0;
}

/* Whether pages are asked in a stage after the walk, which are then those that q->key says. Where not, nothing changes. */
static __always_inline bool guard_begin_pages(struct guard_question *q, __u32 part, __u32 stage)
{
	__u32 apart = q->on_device | q->on_above;

	if (stage == GUARD_STAGE_LOST) {
		if (!q->lost)
			return false;
		/* It may lie in any tree of its file system, so the rules of all of them apply; they are kept under inode 0. */
		q->key.inode = 0;
		q->level = -1;
		return true;
	}
	if (stage == GUARD_STAGE_TYPE) {
		/* What rules say of all file systems of this one's type. It stands for the root, to which the walk has come, or would have. */
		if (!(q->covers & FILE_GUARD_TYPED) || !(q->rooted | q->lost))
			return false;
		q->met_tree = 1;
		q->key.kind = FILE_GUARD_TYPE;
		q->key.inode = guard_type(&q->dentry);
		q->key.device = 0;
		return true;
	}
	if (part != GUARD_PART_OBJECT || !apart)
		return false;
	q->self = apart;
	q->level = 0;
	q->key.kind = q->on_device ? FILE_GUARD_DEVICE : FILE_GUARD_ABOVE;
	if (q->on_above)
		q->key.inode = guard_number(guard_inode(q->dentry));
	return true;
}

/*
 * One stage of one part, as a loop's callback, for the verifier goes through what weighs a rule once for each place it is called from.
 * A refusal ends the question.
 */
static long guard_judge_step(__u32 i, struct guard_walk *walk)
{
	__u32 part = i / GUARD_STAGES, stage = i % GUARD_STAGES;
	struct guard_question *q = walk->q;

	if (stage == GUARD_STAGE_WALK) {
		q->at = guard_begin_part(q, part);
		q->here = q->self;
		q->lost = 0;
		q->rooted = 0;
		q->known = 0;
		q->key.kind = FILE_GUARD_OBJECT;
		q->key.number = 0;
		q->key.uid = 0;
		if (q->at)
			bpf_loop(GUARD_LEVELS, guard_walk_step, walk, 0);
		/* The usual end: nothing more to ask. */
		return !(q->other | q->on_above | q->on_device | q->lost | (q->covers & FILE_GUARD_TYPED)) || q->found == GUARD_DENIED;
	}
	if (!guard_begin_pages(q, part, stage))
		return 0;
	bpf_loop(GUARD_PAGES, guard_page_step, walk, 0);
	/* By the key, and not by the stage: a number that outlives the loop has the verifier go through it once for each. */
	if (q->key.kind == FILE_GUARD_TYPE) {
		if (q->found != GUARD_NOTHING && q->matched_inode == q->key.inode)
			q->matched_inode = q->lost ? 0 : guard_number(guard_inode(q->at));
		q->key.device = q->device;
	}
	return q->found == GUARD_DENIED;
}

/* Answers a question in q->found, by the policy of this moment from the first look to the last. */
__noinline int guard_judge(struct guard_question *q)
{
	struct guard_walk walk = {};
	bool still, passes;
	__u32 zero = 0, moves;

	if (!q)
		return 0;
	walk.policy = bpf_map_lookup_elem(&policy, &zero);
	if (!walk.policy)
		return 0;
	walk.q = q;
	if (q->other)
		guard_meet(q);
	q->policy = guard_policy_number(walk.policy);
	moves = guard_moves();
	still = !(moves & 1);
	passes = still && q->recalled && guard_is_plain(q);
	if (passes && guard_passed_before(q, moves))
		return 0;
	bpf_loop(q->other ? GUARD_PARTS * GUARD_STAGES : GUARD_STAGES, guard_judge_step, &walk, 0);
	if (passes && q->identified && q->found == GUARD_NOTHING && !q->conditional)
		guard_remember_pass(q, moves);
	if (still && !q->recalled && !q->other && q->rooted)
		guard_remember(q, moves);
	return 0;
}

static __always_inline void guard_fill_question(struct guard_question *q, __u64 dentry, __u32 device, __u32 hook, __u32 act)
{
	__builtin_memset(q, 0, sizeof(*q));
	q->dentry = dentry;
	q->device = device;
	q->key.device = device;
	q->act = act;
	q->hook = hook;
	q->on_self = act;
	q->on_tree = act;
}

/* The operations that any rule on a file system covers. A function of its own: a key in the callers' frames is too much for the stack. */
__noinline int guard_covers(__u64 *name, __u32 device)
{
	struct file_guard_key key = { .kind = FILE_GUARD_FILESYSTEM, .device = device };
	struct file_guard_value *value;
	__u32 zero = 0, covers = 0;
	void *now = bpf_map_lookup_elem(&policy, &zero);

	if (!name || !now)
		return 0;
	value = bpf_map_lookup_elem(now, &key);
	if (value)
		covers = value->operations;
	if (guard_types_matter) {
		key.device = 0;
		key.inode = guard_type(name);
		value = bpf_map_lookup_elem(now, &key);
		if (value)
			covers |= value->operations;
	}
	return covers;
}

/*
 * Begins a question about something on a file system; false when nothing that is known of the directory, or no rule for anything
 * on the file system that covers one of the operations in `may`, asks for it, which is the usual end. The masks are those of a
 * plain act on one object. With a second name, both directories count.
 */
static __always_inline bool guard_begin_at(struct guard_question *q, __u64 dentry, __u64 other, __u32 device, __u32 hook, __u32 act,
					   __u32 may)
{
	__u32 says = guard_recall(&dentry), covers;

	if ((says & GUARD_MEMORY) == GUARD_CLEAR && (!other || (guard_recall(&other) & GUARD_MEMORY) == GUARD_CLEAR))
		return false;
	covers = says ? says >> GUARD_OPERATIONS_SHIFT : guard_covers(&dentry, device);
	if (!(covers & may))
		return false;
	guard_fill_question(q, dentry, device, hook, act);
	q->other = other;
	q->covers = covers;
	q->names = !!(covers & FILE_GUARD_NAMES);
	q->recalled = says != 0;
	q->near = !other && (says & GUARD_MEMORY) == GUARD_NAMES;
	return true;
}

static __always_inline bool guard_begin(struct guard_question *q, struct dentry *dentry, __u32 hook, __u32 act, __u32 may)
{
	return guard_begin_at(q, (__u64)dentry, 0, dentry->d_sb->s_dev, hook, act, may);
}

/* The same for an act with two names on one file system. */
static __always_inline bool guard_begin_both(struct guard_question *q, struct dentry *from, struct dentry *to, __u32 hook, __u32 act,
					     __u32 may)
{
	return guard_begin_at(q, (__u64)from, (__u64)to, from->d_sb->s_dev, hook, act, may);
}

#endif
