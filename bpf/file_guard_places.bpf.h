/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What file-guard remembers of directories, so that most files cost no walk: which operations rules know on the file system,
 * whether a rule covers all below, whether rules know names in it.
 *
 * A memory holds for one policy and for as long as nothing anywhere has been moved: the policy's map has a number that no
 * other has, and the kernel counts moves in rename_lock. It is about one directory: its dentry's address, inode, generation and
 * file system are compared. (Were a directory moved into a tree and exactly 2^31 more names moved before anybody looks at it,
 * it would be taken for as it was; what such a directory holds was not protected before.)
 *
 * File systems whose names can change behind the kernel (they revalidate) are walked each time, and so is everything where the
 * kernel does not tell where rename_lock is (kptr_restrict=2).
 */
#ifndef FILE_GUARD_PLACES_BPF_H
#define FILE_GUARD_PLACES_BPF_H

#include "file_guard_policy.bpf.h"

/* Of the hash that NAME entries are found by, and inodes in a SIEVE; Java's NameHash and PolicySieve have the same. */
#define GUARD_HASH_SEED 0x6a09e667f3bcc908ULL
#define GUARD_HASH_FACTOR 0x9e3779b97f4a7c15ULL

#define GUARD_PLACES_BITS 12
#define GUARD_DCACHE_OP_REVALIDATE 0x4

/* What is remembered of a directory, in the low bits of guard_place.says; above them the file system's operations. */
enum guard_memory {
	GUARD_UNKNOWN = 0,
	GUARD_CLEAR = 1,	/* no rule covers what lies below, none knows it or a name in it */
	GUARD_NAMES = 2,	/* no rule covers what lies below, but some know it or names in it */
	GUARD_COVERED = 3,	/* it is to be walked */
};
#define GUARD_MEMORY 3
#define GUARD_OPERATIONS_SHIFT 8

struct guard_place {
	__u64 holds;		/* for this policy (high half) and this count of moves; 0 while it is written */
	__u64 dentry;
	__u64 inode;
	__u32 generation;
	__u32 device;
	__u64 sieve[FILE_GUARD_SIEVE_WORDS];
	__u32 says;
	__u32 writing;
};

/* Each directory has one place, which it may share: then the last one looked at is remembered. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << GUARD_PLACES_BITS);
	__type(key, __u32);
	__type(value, struct guard_place);
} guard_places SEC(".maps");

/* Of rename_lock; 0: not known. */
__u64 guard_moves_at = 0;

SEC("syscall")
int guard_find_moves(void *context)
{
	__u64 address = 0;

	if (bpf_kallsyms_lookup_name("rename_lock", sizeof("rename_lock"), 0, &address))
		address = 0;
	guard_moves_at = address;
	return address != 0;
}

/* How often a name was moved, twice: odd while one is. The count is the first thing in the lock. */
static __always_inline __u32 guard_moves(void)
{
	__u64 at = guard_moves_at;

	return at ? GUARD_READ(struct seqcount, at, sequence) : 1;
}

static __always_inline __u64 guard_holds(void *now, __u32 moves)
{
	return (__u64)((struct bpf_map *)now)->id << 32 | moves;
}

static __always_inline struct guard_place *guard_place_of(__u64 number)
{
	__u32 place = number * GUARD_HASH_FACTOR >> (64 - GUARD_PLACES_BITS);

	return bpf_map_lookup_elem(&guard_places, &place);
}

static __always_inline __u32 guard_sieve_bit(__u64 inode)
{
	return inode * GUARD_HASH_FACTOR >> 56;
}

/*
 * What there is to ask about `dentry`, by what is remembered of its directory: GUARD_CLEAR nothing at all, GUARD_NAMES the object
 * itself and its name, else enum guard_memory; with the file system's operations above. A global function is verified once; it
 * takes no kernel pointer but as a number in memory.
 */
__noinline int guard_recall(__u64 *name)
{
	__u64 dentry, directory, inode, number, own, holds;
	volatile struct guard_place *place;
	__u32 zero = 0, says, bit;
	void *now;

	if (!name)
		return GUARD_UNKNOWN;
	dentry = *name;
	directory = guard_parent(dentry);
	if (directory == dentry)
		return GUARD_UNKNOWN;
	inode = guard_inode(directory);
	number = guard_number(inode);
	place = guard_place_of(number);
	now = bpf_map_lookup_elem(&policy, &zero);
	if (!inode || !place || !now)
		return GUARD_UNKNOWN;
	holds = guard_holds(now, guard_moves());
	if (place->holds != holds || place->dentry != directory || place->inode != number ||
	    place->generation != GUARD_READ(struct inode, inode, i_generation) ||
	    place->device != guard_device(inode))
		return GUARD_UNKNOWN;
	says = place->says;
	own = guard_inode(dentry);
	if (own && (says & GUARD_MEMORY) == GUARD_CLEAR) {
		bit = guard_sieve_bit(guard_number(own));
		if (place->sieve[bit >> 6 & (FILE_GUARD_SIEVE_WORDS - 1)] >> (bit & 63) & 1)
			says ^= GUARD_CLEAR ^ GUARD_NAMES;
	}
	/* As long as it was not written meanwhile, all of this was said at once. */
	return place->holds == holds ? says : GUARD_UNKNOWN;
}

/* Remembers the directory of q->dentry, from which a walk to the root has just been made; `moves` is the count before it. */
__noinline int guard_remember(struct guard_question *q, __u32 moves)
{
	struct file_guard_key key = { .kind = FILE_GUARD_SIEVE };
	__u64 directory, inode, number, holds;
	struct file_guard_sieve *half;
	volatile struct guard_place *place;
	__u32 zero = 0, i;
	void *now;

	if (!q || moves & 1)
		return 0;
	directory = guard_parent(q->dentry);
	inode = guard_inode(directory);
	number = guard_number(inode);
	place = guard_place_of(number);
	now = bpf_map_lookup_elem(&policy, &zero);
	if (!place || !now || !inode || GUARD_READ(struct dentry, directory, d_flags) & GUARD_DCACHE_OP_REVALIDATE)
		return 0;
	holds = guard_holds(now, moves);
	/* Another policy meanwhile, or another who writes: the next one will do. */
	if ((__u32)(holds >> 32) != q->policy || __sync_lock_test_and_set(&place->writing, 1))
		return 0;
	place->holds = 0;
	place->dentry = directory;
	place->inode = number;
	place->generation = GUARD_READ(struct inode, inode, i_generation);
	place->device = q->device;
	key.device = q->device;
	for (i = 0; i < FILE_GUARD_SIEVE_WORDS; i += 2) {
		key.number = i / 2;
		half = bpf_map_lookup_elem(now, &key);
		place->sieve[i] = half ? half->words[0] : ~0ULL;
		place->sieve[i + 1] = half ? half->words[1] : ~0ULL;
	}
	place->says = (__u32)q->covers << GUARD_OPERATIONS_SHIFT |
		      (q->met_tree ? GUARD_COVERED : q->met_names ? GUARD_NAMES : GUARD_CLEAR);
	if (guard_moves() == moves && guard_parent(q->dentry) == directory)
		place->holds = holds;
	place->writing = 0;
	return 0;
}

#endif
