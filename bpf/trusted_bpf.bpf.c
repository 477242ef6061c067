// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * trusted-bpf for kernels that tell fs-verity digests and extended attributes to BPF programs (6.8 and later): a file is what
 * fs-verity says it is, and its signature lies in security.bpf.garrison.signature, which
 * kernels before 6.15 do not read, or else in user.garrison.signature. Signed are the bytes that `fsverity sign` signs:
 * "FSVerity", the algorithm, the digest's length, the digest; behind it the release, if one stands before the signature.
 */
#include "garrison.bpf.h"

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

#define trust_rcu_read_lock() bpf_rcu_read_lock()
#define trust_rcu_read_unlock() bpf_rcu_read_unlock()

#include "trusted_bpf_verify.bpf.h"

extern int bpf_get_fsverity_digest(struct file *file, struct bpf_dynptr *digest) __ksym;
extern int bpf_get_file_xattr(struct file *file, const char *name, struct bpf_dynptr *value) __ksym;

/* Only there in kernels that are built with fs-verity. */
struct super_block___verity {
	const void *s_vop;
} __attribute__((preserve_access_index));

#define TRUST_MAGIC 8
#define TRUST_DIGEST_MAX 64
#define TRUST_MEASURED_MAX (4 + TRUST_DIGEST_MAX)

struct trust_scratch {
	__u8 magic[TRUST_MAGIC];
	struct {
		__u16 algorithm;
		__u16 size;
		__u8 digest[TRUST_DIGEST_MAX + sizeof(struct trusted_bpf_release)];
	} measured;
	__u32 reserved;
	union {
		struct trusted_bpf_release release;
		__u8 signature[TRUSTED_BPF_SIGNATURE_MAX + 1 + sizeof(struct trusted_bpf_release)];
	};
};

_Static_assert(__builtin_offsetof(struct trust_scratch, release) % 8 == 0, "read by eight bytes");

/* Room for one examination, the thread's own: it may sleep half-way, and another one then run on this CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct trust_scratch);
} scratch SEC(".maps");

/* Where a first look at an attribute may put a byte that nobody reads. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} look SEC(".maps");

/* Only who is privileged can change it. EPERM where the kernel does not read it. */
#define TRUST_GUARDED "security.bpf.garrison.signature"
#define TRUST_BESIDE "user.garrison.signature"

/* Most files carry no signature: that is found out without room for one. */
static __always_inline bool trust_has_signature(struct file *file, struct trust_views *views, bool *guarded, struct trust_finding *finding)
{
	__u32 zero = 0;
	__u64 *byte = bpf_map_lookup_elem(&look, &zero);
	int result;

	trust_found(finding, TRUSTED_BPF_UNSIGNED, 0);
	if (!byte || bpf_dynptr_from_mem(byte, 1, 0, &views->signature))
		return false;
	result = bpf_get_file_xattr(file, TRUST_GUARDED, &views->signature);
	*guarded = result >= 0 || result == -TRUST_ERANGE;
	if (*guarded)
		return true;
	result = bpf_get_file_xattr(file, TRUST_BESIDE, &views->signature);
	if (result >= 0 || result == -TRUST_ERANGE)
		return true;
	/* EOPNOTSUPP, ENODATA: there is none. What may not be read may be signed, but cannot be trusted. */
	if (result == -TRUST_EACCES || result == -EPERM)
		trust_found(finding, TRUSTED_BPF_UNREADABLE, result);
	return false;
}

/* Whether the file's file system can seal files at all. */
static __always_inline bool trust_verity_here(struct file *file)
{
	struct super_block___verity *super = (void *)BPF_CORE_READ(file, f_inode, i_sb);

	return bpf_core_field_exists(super->s_vop) && BPF_CORE_READ(super, s_vop);
}

static __always_inline void trust_weigh(struct file *file, bool guarded, struct trust_views *views, struct trust_scratch *room,
					struct trust_finding *finding)
{
	__u64 length, signed_length;
	bool released;
	int result;

	if (!trust_verity_here(file)) {
		trust_found(finding, TRUSTED_BPF_NO_VERITY_HERE, 0);
		return;
	}
	if (bpf_dynptr_from_mem(&room->measured, TRUST_MEASURED_MAX, 0, &views->data))
		return;
	result = bpf_get_fsverity_digest(file, &views->data);
	if (result < 0) {
		trust_found(finding, result == -TRUST_ENODATA ? TRUSTED_BPF_NO_VERITY : TRUSTED_BPF_FAILED, result);
		return;
	}
	__builtin_memcpy(room->magic, "FSVerity", TRUST_MAGIC);
	if (bpf_dynptr_from_mem(room->signature, TRUSTED_BPF_SIGNATURE_MAX + 1, 0, &views->signature))
		return;
	if (guarded)
		result = bpf_get_file_xattr(file, TRUST_GUARDED, &views->signature);
	else
		result = bpf_get_file_xattr(file, TRUST_BESIDE, &views->signature);
	if (result <= 0 || result > TRUSTED_BPF_SIGNATURE_MAX) {
		trust_found(finding, result == -TRUST_ERANGE || result > TRUSTED_BPF_SIGNATURE_MAX ? TRUSTED_BPF_TOO_LONG
			    : result == 0 ? TRUSTED_BPF_MALFORMED : TRUSTED_BPF_FAILED, result > 0 ? 0 : result);
		return;
	}
	length = (__u32)result;
	released = trust_is_release(&room->release, length);
	if (room->measured.size == 32) {
		__builtin_memcpy(room->measured.digest + 32, &room->release, sizeof(room->release));
	} else if (room->measured.size == 64) {
		__builtin_memcpy(room->measured.digest + 64, &room->release, sizeof(room->release));
	} else {
		trust_found(finding, TRUSTED_BPF_DIGEST, 0);
		return;
	}
	signed_length = TRUST_MAGIC + 4 + room->measured.size;
	if (released)
		signed_length += sizeof(room->release);
	if (trust_view_signature(room->signature, length, released, &views->signature))
		return;
	asm volatile("%0 &= 127" : "+r"(signed_length));
	if (bpf_dynptr_from_mem(room->magic, signed_length, 0, &views->data))
		return;
	trust_judge(&views->data, &views->signature, finding);
	trust_ask_revoked(room->measured.digest, finding);
	trust_ask_version(released ? &room->release : NULL, finding);
}

static __noinline int trust_examine(struct file *file, struct trust_finding *finding)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct trust_scratch *room;
	struct trust_views views;
	bool guarded;

	if (trust_has_signature(file, &views, &guarded, finding)) {
		trust_found(finding, TRUSTED_BPF_FAILED, 0);
		room = bpf_task_storage_get(&scratch, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (room) {
			trust_weigh(file, guarded, &views, room, finding);
			bpf_task_storage_delete(&scratch, task);
		}
	}
	TRUST_KEEP_ALIVE(&views);
	return 0;
}
