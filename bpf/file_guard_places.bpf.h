/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What file-guard remembers of directories, so that most files cost no walk: which operations rules know on the file system,
 * whether a rule covers all below, whether rules know names in it.
 *
 * A memory is about one directory (its dentry's address, inode, generation and super block are compared), under one policy (the
 * policy's map has a number that no other has), and holds for as long as nothing anywhere has been moved, which the kernel counts
 * in rename_lock. After a move it holds again if the directories above are still those that they were, by their inodes: none of
 * those had an entry in this policy. (Were a directory moved into a tree and exactly 2^31 more names moved before anybody looks at
 * it, it would be taken for as it was; what such a directory holds was not protected before.)
 *
 * File systems whose names can change behind the kernel (they revalidate) are walked each time, and so is everything where the
 * kernel does not tell where rename_lock is (kptr_restrict=2).
 */
#ifndef FILE_GUARD_PLACES_BPF_H
#define FILE_GUARD_PLACES_BPF_H

#include "file_guard_flags.bpf.h"
#include "file_guard_policy.bpf.h"

/* Of the hash that NAME entries are found by, and inodes in a SIEVE; Java's NameHash and PolicySieve have the same. */
#define GUARD_HASH_SEED 0x6a09e667f3bcc908ULL
#define GUARD_HASH_FACTOR 0x9e3779b97f4a7c15ULL

/* Eight bytes more of a text, into its hash. */
static __always_inline __u64 guard_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * GUARD_HASH_FACTOR;
	return hash ^ hash >> 29;
}

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

/* How many inodes above a directory are remembered. Where it lies deeper, a walk is made after each move. */
#define GUARD_ABOVE_MAX 10

struct guard_place {
	__u64 holds;		/* for this policy (high half) and this count of moves; 0: not */
	__u64 dentry;
	__u64 super;
	__u64 inode;
	__u32 generation;
	__u32 says;
	__u32 version;		/* odd while it is written */
	__u32 levels;		/* directories above, the root included; 0 also if they do not fit */
	__u64 sieve[FILE_GUARD_SIEVE_WORDS];
	__u64 above[GUARD_ABOVE_MAX];
};

/* Each directory has one place, which it may share: then the last one looked at is remembered. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << GUARD_PLACES_BITS);
	__type(key, __u32);
	__type(value, struct guard_place);
} guard_places SEC(".maps");

/* Of rename_lock, which does not move; 0: not known. */
__u64 guard_moves_at = 0;

SEC("syscall")
int guard_find_moves(void *context)
{
	__u64 address = 0;

	/* Once an object: before 6.2 the kernel goes through all its names for it. */
	if (!guard_moves_at && !bpf_kallsyms_lookup_name("rename_lock", sizeof("rename_lock"), 0, &address))
		guard_moves_at = address;
	return guard_moves_at != 0;
}

/* How often a name was moved, twice: odd while one is. The count is the first thing in the lock. */
static __always_inline __u32 guard_moves(void)
{
	__u64 at = guard_moves_at;

	return at ? GUARD_READ(struct seqcount, at, sequence) : 1;
}

/* No other policy has the number, or ever had. */
static __always_inline __u32 guard_policy_number(void *now)
{
	return ((struct bpf_map *)now)->id;
}

static __always_inline __u64 guard_holds(__u32 policy_number, __u32 moves)
{
	return (__u64)policy_number << 32 | moves;
}

/* One writer at a time: false where there is one. What was read counts if the version before was even, and is the same after. */
static __always_inline bool guard_write_begins(volatile __u32 *version)
{
	__u32 now = *version;

	return !(now & 1) && __sync_val_compare_and_swap((__u32 *)version, now, now + 1) == now;
}

static __always_inline void guard_write_ends(volatile __u32 *version)
{
	*version = *version + 1;
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

/* A name and the directory that it is in. */
struct guard_sight {
	__u64 directory;
	__u64 super;
	__u64 inode;		/* the directory's number */
	__u32 generation;	/* and generation */
	__u32 own_mode;
	__u64 own;		/* the number of what has the name; 0: nothing yet */
};

/* False where the name is in no directory. Looks through one cast only: each costs more than a read. */
static __always_inline bool guard_see(__u64 dentry, struct guard_sight *sight)
{
	struct dentry *at = (struct dentry *)dentry, *up;
	struct inode *inode, *own;

	if (bpf_rdonly_cast) {
		at = GUARD_AS(struct dentry, dentry);
		up = at->d_parent;
		inode = up->d_inode;
		own = at->d_inode;
		if (up == at || !inode)
			return false;
		sight->super = (__u64)at->d_sb;
		sight->inode = inode->i_ino;
		sight->generation = inode->i_generation;
		sight->own = own ? own->i_ino : 0;
		sight->own_mode = own ? own->i_mode : 0;
	} else {
		up = BPF_CORE_READ(at, d_parent);
		inode = BPF_CORE_READ(up, d_inode);
		own = BPF_CORE_READ(at, d_inode);
		if (up == at || !inode)
			return false;
		sight->super = (__u64)BPF_CORE_READ(at, d_sb);
		sight->inode = BPF_CORE_READ(inode, i_ino);
		sight->generation = BPF_CORE_READ(inode, i_generation);
		sight->own = own ? BPF_CORE_READ(own, i_ino) : 0;
		sight->own_mode = own ? BPF_CORE_READ(own, i_mode) : 0;
	}
	sight->directory = (__u64)up;
	return true;
}

static __always_inline bool guard_is_of(volatile struct guard_place *place, struct guard_sight *sight)
{
	return place->dentry == sight->directory && place->inode == sight->inode && place->generation == sight->generation &&
	       place->super == sight->super;
}

/* Whether the directories above are those that are remembered. */
static __always_inline bool guard_is_below_the_same(volatile struct guard_place *place, __u64 directory)
{
	__u32 levels = place->levels, i;
	__u64 at = directory, parent;

	for (i = 0; i < GUARD_ABOVE_MAX; i++) {
		parent = guard_parent(at);
		if (parent == at)
			return i && i == levels;
		if (i >= levels || guard_number(guard_inode(parent)) != place->above[i])
			return false;
		at = parent;
	}
	return false;
}

/* After names were moved: what is remembered of the directory under this policy may still be so. */
__noinline int guard_confirm(__u64 *name)
{
	volatile struct guard_place *place;
	struct guard_sight sight;
	__u64 holds, now_holds;
	__u32 zero = 0, moves = guard_moves();
	bool same = false;
	void *now;

	if (!name || moves & 1 || !guard_see(*name, &sight))
		return 0;
	place = guard_place_of(sight.inode);
	now = bpf_map_lookup_elem(&policy, &zero);
	if (!place || !now || !guard_write_begins(&place->version))
		return 0;
	now_holds = guard_holds(guard_policy_number(now), moves);
	holds = place->holds;
	if (holds >> 32 == now_holds >> 32 && guard_is_of(place, &sight) && guard_is_below_the_same(place, sight.directory) &&
	    guard_moves() == moves) {
		place->holds = now_holds;
		same = true;
	}
	guard_write_ends(&place->version);
	return same;
}

/* Whether the policy has an entry for what has the name. */
static __always_inline bool guard_has_entry(void *now, struct guard_sight *sight)
{
	struct file_guard_key key = { .kind = FILE_GUARD_OBJECT };

	key.inode = sight->own;
	key.device = GUARD_READ(struct super_block, sight->super, s_dev);
	if (bpf_map_lookup_elem(now, &key))
		return true;
	key.kind = FILE_GUARD_ABOVE;
	return (sight->own_mode & GUARD_S_IFMT) == GUARD_S_IFDIR && bpf_map_lookup_elem(now, &key);
}

/*
 * What there is to ask about a name, by what is remembered of its directory: GUARD_CLEAR nothing at all, GUARD_NAMES the object
 * itself and its name, else enum guard_memory; with the file system's operations above. A global function is verified once; it
 * takes no kernel pointer but as a number in memory.
 */
__noinline int guard_recall(__u64 *name)
{
	volatile struct guard_place *place;
	struct guard_sight sight;
	__u32 zero = 0, version, says, bit;
	__u64 holds;
	void *now;

	if (!name || !guard_see(*name, &sight))
		return GUARD_UNKNOWN;
	place = guard_place_of(sight.inode);
	now = bpf_map_lookup_elem(&policy, &zero);
	if (!place || !now)
		return GUARD_UNKNOWN;
	holds = guard_holds(guard_policy_number(now), guard_moves());
	version = place->version;
	if (version & 1 || !guard_is_of(place, &sight))
		return GUARD_UNKNOWN;
	if (place->holds != holds) {
		if (!guard_confirm(name))
			return GUARD_UNKNOWN;
		version += 2;
	}
	says = place->says;
	if (sight.own && (says & GUARD_MEMORY) == GUARD_CLEAR) {
		bit = guard_sieve_bit(sight.own);
		if (place->sieve[bit >> 6 & (FILE_GUARD_SIEVE_WORDS - 1)] >> (bit & 63) & 1 && guard_has_entry(now, &sight))
			says ^= GUARD_CLEAR ^ GUARD_NAMES;
	}
	return place->version == version && place->holds == holds ? says : GUARD_UNKNOWN;
}

/* Remembers the directory of q->dentry, from which a walk to the root has just been made; `moves` is the count before it. */
__noinline int guard_remember(struct guard_question *q, __u32 moves)
{
	struct file_guard_key key = { .kind = FILE_GUARD_SIEVE };
	volatile struct guard_place *place;
	struct file_guard_sieve *half;
	struct guard_sight sight;
	__u64 holds, at, parent;
	__u32 zero = 0, i;
	void *now;

	if (!q || !guard_see(q->dentry, &sight))
		return 0;
	place = guard_place_of(sight.inode);
	now = bpf_map_lookup_elem(&policy, &zero);
	if (!place || !now || GUARD_READ(struct dentry, sight.directory, d_flags) & GUARD_DCACHE_OP_REVALIDATE)
		return 0;
	holds = guard_holds(q->policy, moves);
	/* Another policy meanwhile, or another who writes: the next one will do. */
	if (guard_policy_number(now) != q->policy || !guard_write_begins(&place->version))
		return 0;
	place->holds = 0;
	place->dentry = sight.directory;
	place->super = sight.super;
	place->inode = sight.inode;
	place->generation = sight.generation;
	key.device = q->device;
	for (i = 0; i < FILE_GUARD_SIEVE_WORDS; i += 2) {
		key.number = i / 2;
		half = bpf_map_lookup_elem(now, &key);
		place->sieve[i] = half ? half->words[0] : ~0ULL;
		place->sieve[i + 1] = half ? half->words[1] : ~0ULL;
	}
	place->says = (__u32)q->covers << GUARD_OPERATIONS_SHIFT |
		      (q->met_tree ? GUARD_COVERED : q->met_names ? GUARD_NAMES : GUARD_CLEAR);
	place->levels = 0;
	at = sight.directory;
	for (i = 0; i < GUARD_ABOVE_MAX; i++) {
		parent = guard_parent(at);
		if (parent == at) {
			place->levels = i;
			break;
		}
		place->above[i] = guard_number(guard_inode(parent));
		at = parent;
	}
	if (guard_moves() == moves)
		place->holds = holds;
	guard_write_ends(&place->version);
	return 0;
}

#endif
