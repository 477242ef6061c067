// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * trusted-bpf for kernels before 6.8, which tell BPF programs neither fs-verity digests nor extended attributes: which files may be
 * loaders is listed, with a signature each, and a listed file is hashed as a whole when it is run (bpf_ima_file_hash). Signed
 * are "GARRISON", the algorithm, the digest's length, the digest: never the same bytes as another kind of digest's. Behind it
 * the release, if one stands before the signature.
 */
#include "garrison.bpf.h"

/* The RCU read lock is not needed where pointers are followed freely, and has no name here. */
#define trust_rcu_read_lock() do { } while (0)
#define trust_rcu_read_unlock() do { } while (0)

#include "trusted_bpf_verify.bpf.h"

#define TRUST_MAGIC 8
#define TRUST_DIGEST 32
#define TRUST_SHA256 4	/* HASH_ALGO_SHA256 */

struct trust_scratch {
	__u8 magic[TRUST_MAGIC];
	__u16 algorithm;	/* 1, as fs-verity numbers SHA-256 */
	__u16 size;
	__u8 digest[TRUST_DIGEST];
	__u8 signed_release[sizeof(struct trusted_bpf_release)];
	__u32 reserved;
	struct trusted_bpf_release release;	/* the same */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct trust_scratch);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 1);
		__uint(key_size, sizeof(struct trusted_bpf_file));
		__uint(value_size, sizeof(struct trusted_bpf_signature));
	});
} listed SEC(".maps");

static __always_inline void trust_weigh(struct file *file, struct trusted_bpf_signature *known, struct trust_views *views,
					struct trust_scratch *room, struct trust_finding *finding)
{
	__u64 length = known->length, signed_length = TRUST_MAGIC + 4 + TRUST_DIGEST;
	bool released;
	long algorithm;

	algorithm = bpf_ima_file_hash(file, room->digest, TRUST_DIGEST);
	if (algorithm != TRUST_SHA256) {
		finding->reason = algorithm < 0 ? TRUSTED_BPF_FAILED : TRUSTED_BPF_DIGEST;
		finding->error = algorithm < 0 ? algorithm : 0;
		return;
	}
	__builtin_memcpy(room->magic, "GARRISON", TRUST_MAGIC);
	room->algorithm = 1;
	room->size = TRUST_DIGEST;
	if (length > TRUSTED_BPF_SIGNATURE_MAX) {
		finding->reason = TRUSTED_BPF_TOO_LONG;
		return;
	}
	room->release = *(struct trusted_bpf_release *)known->bytes;
	released = trust_is_release(&room->release, length);
	if (released) {
		__builtin_memcpy(room->signed_release, &room->release, sizeof(room->release));
		signed_length += sizeof(room->release);
	}
	if (trust_view_signature(known->bytes, length, released, &views->signature))
		return;
	asm volatile("%0 &= 127" : "+r"(signed_length));
	if (bpf_dynptr_from_mem(room->magic, signed_length, 0, &views->data))
		return;
	trust_judge(&views->data, &views->signature, finding);
	trust_ask_revoked(room->digest, finding);
	trust_ask_version(released ? &room->release : NULL, finding);
}

static __noinline int trust_examine(struct file *file, struct trust_finding *finding)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct trusted_bpf_signature *known;
	struct trusted_bpf_file id = {};
	struct trust_scratch *room;
	struct trust_views views;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u32 zero = 0;
	void *now = bpf_map_lookup_elem(&listed, &zero);

	finding->reason = TRUSTED_BPF_UNSIGNED;
	finding->error = 0;
	if (!now)
		return 0;
	id.inode = BPF_CORE_READ(inode, i_ino);
	id.device = BPF_CORE_READ(inode, i_sb, s_dev);
	id.generation = BPF_CORE_READ(inode, i_generation);
	known = bpf_map_lookup_elem(now, &id);
	if (!known)
		return 0;
	finding->reason = TRUSTED_BPF_FAILED;
	room = bpf_task_storage_get(&scratch, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!room)
		return 0;
	trust_weigh(file, known, &views, room, finding);
	bpf_task_storage_delete(&scratch, task);
	TRUST_KEEP_ALIVE(&views);
	return 0;
}
