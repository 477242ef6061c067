/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Programs that a rule knows by their fs-verity digest: by what they are, wherever they lie and whatever their inode. The kernel
 * keeps the digest of a file that was sealed, and lets nobody change it from then on. Up to 6.17 it hangs on the inode; later
 * only a function tells it, to LSM programs alone.
 */
#ifndef FILE_GUARD_VERITY_BPF_H
#define FILE_GUARD_VERITY_BPF_H

#define GUARD_SHA256_SIZE 32
#define GUARD_SHA512_SIZE 64

extern struct file *bpf_get_task_exe_file(struct task_struct *task) __ksym __weak;
extern void bpf_put_file(struct file *file) __ksym __weak;
extern int bpf_get_fsverity_digest(struct file *file, struct bpf_dynptr *digest) __ksym __weak;

/* Whether those functions are there, and these programs may call them; set before load. */
const volatile __u32 guard_verity_by_call = 0;

struct merkle_tree_params___guard {
	unsigned int digest_size;
} __attribute__((preserve_access_index));

struct fsverity_info___guard {
	struct merkle_tree_params___guard tree_params;
	__u8 file_digest[GUARD_SHA512_SIZE];
} __attribute__((preserve_access_index));

struct inode___guard {
	struct fsverity_info___guard *i_verity_info;
} __attribute__((preserve_access_index));

/* The digest of what a thread runs; from `algorithm` on as the kernel's struct fsverity_digest. No digest: no algorithm. */
struct guard_measurement {
	__u32 unused;
	__u16 algorithm;	/* FS_VERITY_HASH_ALG_SHA256 (1), FS_VERITY_HASH_ALG_SHA512 (2) */
	__u16 size;
	__u64 words[GUARD_SHA512_SIZE / 8];
};

_Static_assert(__builtin_offsetof(struct guard_measurement, words) == 8, "the digest follows algorithm and size");

/* Each thread's own: others may be asked about on this CPU before a program is done. Only those have one who met a rule with a digest. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct guard_measurement);
} guard_measurements SEC(".maps");

static __always_inline void guard_measure_by_call(struct task_struct *task, struct guard_measurement *measurement)
{
	struct file *exe = bpf_get_task_exe_file(task);
	struct bpf_dynptr digest __attribute__((aligned(8)));

	if (!exe)
		return;
	if (bpf_dynptr_from_mem(&measurement->algorithm, sizeof(*measurement) - sizeof(__u32), 0, &digest) ||
	    bpf_get_fsverity_digest(exe, &digest))
		measurement->algorithm = 0;
	bpf_put_file(exe);
}

static __always_inline void guard_measure_by_inode(struct task_struct *task, struct guard_measurement *measurement)
{
	struct inode___guard *inode = (struct inode___guard *)BPF_CORE_READ(task, mm, exe_file, f_inode);
	struct fsverity_info___guard *info;

	if (!inode)
		return;
	info = BPF_CORE_READ(inode, i_verity_info);
	if (!info)
		return;
	measurement->size = BPF_CORE_READ(info, tree_params.digest_size);
	if (measurement->size != GUARD_SHA256_SIZE && measurement->size != GUARD_SHA512_SIZE)
		return;
	if (!bpf_core_read(measurement->words, sizeof(measurement->words), &info->file_digest))
		measurement->algorithm = measurement->size == GUARD_SHA256_SIZE ? 1 : 2;
}

/* The algorithm of the digest of what runs; 0: it was not sealed. Asked before the words are. */
__noinline int guard_verity_algorithm(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct guard_measurement *measurement = bpf_task_storage_get(&guard_measurements, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!measurement)
		return 0;
	measurement->algorithm = 0;
	if (guard_verity_by_call)
		guard_measure_by_call(task, measurement);
	else if (bpf_core_field_exists(struct inode___guard, i_verity_info))
		guard_measure_by_inode(task, measurement);
	return measurement->algorithm;
}

/* Whether eight bytes of the digest that was asked for before are these. */
__noinline int guard_verity_word(__u32 index, __u64 word)
{
	struct guard_measurement *measurement = bpf_task_storage_get(&guard_measurements, bpf_get_current_task_btf(), 0, 0);

	return measurement && index < sizeof(measurement->words) / 8 && measurement->words[index] == word;
}

SEC("syscall")
int guard_knows_verity(void *context)
{
	return guard_verity_by_call || bpf_core_field_exists(struct inode___guard, i_verity_info);
}

#endif
