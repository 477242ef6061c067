// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * For tests: an object that needs things of the kernel. Hooks and kernel functions that all kernels of the lab have, one that
 * only some have (weak), and two ways to the same verdict. Attached in guests only. Not part of any bundle.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define EPERM 1

extern struct bpf_key *bpf_lookup_system_key(__u64 id) __ksym;
extern void bpf_key_put(struct bpf_key *key) __ksym;
extern struct file *bpf_get_task_exe_file(struct task_struct *task) __ksym __weak;
extern void bpf_put_file(struct file *file) __ksym __weak;
extern const void init_task __ksym;

/* The process whose mkdir is refused; 0 refuses nobody's. Set before load. */
const volatile __u32 refused_pid = 0;

/*
 * The file that refused_pid opened first since `opens` was 0, as the hook sees it. The first: an overlay's open shows the
 * hook the overlay's own inode, then the one below.
 */
struct seen_file {
	__u64 device;
	__u64 inode;
	__u32 generation;
	__u32 opens;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seen_file);
} first_open SEC(".maps");

/* Calls seen, by program: 0 mkdir through the LSM, 1 rmdir through fmod_ret, 2 a sleepable one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __always_inline bool mine(__u32 index)
{
	__u64 *count = bpf_map_lookup_elem(&seen, &index);

	if (bpf_get_current_pid_tgid() >> 32 != refused_pid)
		return false;
	if (count)
		__sync_fetch_and_add(count, 1);
	return true;
}

SEC("lsm/inode_mkdir")
int BPF_PROG(refuse_mkdir, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	if (ret)
		return ret;
	if (mine(0))
		return -EPERM;
	return 0;
}

SEC("?fmod_ret/security_inode_rmdir")
int BPF_PROG(refuse_rmdir, struct inode *dir, struct dentry *dentry, int ret)
{
	if (ret)
		return ret;
	if (mine(1))
		return -EPERM;
	return 0;
}

SEC("?lsm.s/inode_unlink")
int BPF_PROG(count_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	struct bpf_key *key;

	if (ret)
		return ret;
	mine(2);
	key = bpf_lookup_system_key(0);
	if (key)
		bpf_key_put(key);
	return 0;
}

/* The verifier refuses it on every kernel: the argument has no such field to write to. */
SEC("?lsm/inode_rename")
int BPF_PROG(writes_to_the_kernel, struct inode *dir, struct dentry *dentry)
{
	*(volatile int *)dir = 0;
	return 0;
}

/* A hook that no kernel has. */
SEC("?lsm/garrison_no_such_hook")
int BPF_PROG(no_such_hook)
{
	return 0;
}

/* Loads only where bpf_get_task_exe_file is, from 6.12 on. */
SEC("?lsm.s/file_open")
int BPF_PROG(looks_at_exe, struct file *file, int ret)
{
	struct file *exe;

	if (ret)
		return ret;
	if (!bpf_get_task_exe_file || !bpf_put_file)
		return 0;
	exe = bpf_get_task_exe_file(bpf_get_current_task_btf());
	if (exe)
		bpf_put_file(exe);
	return 0;
}

SEC("?lsm/file_open")
int BPF_PROG(see_file, struct file *file, int ret)
{
	__u32 zero = 0;
	struct seen_file *first = bpf_map_lookup_elem(&first_open, &zero);

	if (ret)
		return ret;
	if (!first || bpf_get_current_pid_tgid() >> 32 != refused_pid)
		return 0;
	if (first->opens++)
		return 0;
	first->device = file->f_inode->i_sb->s_dev;
	first->inode = file->f_inode->i_ino;
	first->generation = file->f_inode->i_generation;
	return 0;
}

/* Weak symbols and a typeless one appear in the spec with their users. */
SEC("?lsm/task_kill")
int BPF_PROG(knows_init_task, struct task_struct *task)
{
	if (task == (struct task_struct *)&init_task)
		return -EPERM;
	return 0;
}
