// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* For tests: storage that any program may keep with a cgroup, which kernels have since 6.2. Not part of any bundle. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 test_tgid = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} per_cgroup SEC(".maps");

/* What the cgroup of the process keeps, told in `seen`. */
SEC("lsm/inode_mkdir")
int BPF_PROG(on_mkdir, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *kept, *told;
	__u32 zero = 0;

	if (ret)
		return ret;
	if (bpf_get_current_pid_tgid() >> 32 != test_tgid)
		return 0;
	kept = bpf_cgrp_storage_get(&per_cgroup, task->cgroups->dfl_cgrp, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	told = bpf_map_lookup_elem(&seen, &zero);
	if (kept && told)
		*told = __sync_fetch_and_add(kept, 1) + 1;
	return 0;
}
