// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * For tests: one program of each kind and one map of each kind that plugins may use; `seen` counts where each fired for the
 * process test_tgid. Attached in guests only. Not part of any bundle.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define CLOCK_MONOTONIC 1

const volatile __u32 test_tgid = 0;

enum {
	LSM, LSM_SLEEPABLE, FMOD_RET, FENTRY, FEXIT, KPROBE, KPROBE_OFFSET, KRETPROBE, RAW_TP, TP, PERF_EVENT, SYSCALL, SYSCTL, ITER,
	TIMER, TASK_STORAGE, INODE_STORAGE, CGROUP_STORAGE, LRU, INNER, KINDS
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} per_task SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} per_inode SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, __u64);
} per_cgroup SEC(".maps");

/* Its size is set before load. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u64);
} recent SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps");

struct timed {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct timed);
} timers SEC(".maps");

static __always_inline void count(__u32 kind)
{
	__u64 *value = bpf_map_lookup_elem(&seen, &kind);

	if (value)
		__sync_fetch_and_add(value, 1);
}

static __always_inline bool concerned(void)
{
	return bpf_get_current_pid_tgid() >> 32 == test_tgid;
}

static __always_inline int tell(__u32 kind)
{
	if (concerned())
		count(kind);
	return 0;
}

SEC("lsm/inode_mkdir")
int BPF_PROG(on_lsm, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	__u32 zero = 0, kind = LSM;
	__u64 *value, number;
	void *inner;

	if (ret)
		return ret;
	if (!concerned())
		return 0;
	count(LSM);
	value = bpf_task_storage_get(&per_task, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (value && ++*value > 1)
		count(TASK_STORAGE);
	value = bpf_inode_storage_get(&per_inode, dir, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (value && ++*value > 1)
		count(INODE_STORAGE);
	value = bpf_map_lookup_elem(&seen, &kind);
	number = value ? *value : 0;
	if (!bpf_map_update_elem(&recent, &number, &number, BPF_ANY))
		count(LRU);
	inner = bpf_map_lookup_elem(&outer, &zero);
	value = inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
	if (value && *value == 42)
		count(INNER);
	return 0;
}

SEC("lsm.s/inode_unlink")
int BPF_PROG(on_lsm_sleepable, struct inode *dir, struct dentry *dentry, int ret)
{
	if (ret)
		return ret;
	return tell(LSM_SLEEPABLE);
}

SEC("fmod_ret/security_inode_mkdir")
int BPF_PROG(on_fmod_ret, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	if (ret)
		return ret;
	return tell(FMOD_RET);
}

SEC("fentry/security_inode_mkdir")
int BPF_PROG(on_fentry)
{
	return tell(FENTRY);
}

SEC("fexit/security_inode_mkdir")
int BPF_PROG(on_fexit)
{
	return tell(FEXIT);
}

SEC("kprobe/security_inode_rmdir")
int on_kprobe(void *context)
{
	return tell(KPROBE);
}

/* 5 bytes after the start: behind the call to ftrace that every traceable function begins with. */
SEC("?kprobe/security_inode_rmdir+5")
int on_kprobe_offset(void *context)
{
	return tell(KPROBE_OFFSET);
}

/* The same, where an endbr64 comes before that. */
SEC("?kprobe/security_inode_rmdir+9")
int on_kprobe_offset_ibt(void *context)
{
	return tell(KPROBE_OFFSET);
}

SEC("kretprobe/security_inode_rmdir")
int on_kretprobe(void *context)
{
	return tell(KRETPROBE);
}

SEC("raw_tp/task_rename")
int on_raw_tp(void *context)
{
	return tell(RAW_TP);
}

SEC("tp/task/task_rename")
int on_tp(void *context)
{
	return tell(TP);
}

/* Whoever runs when the clock ticks. */
SEC("perf_event")
int on_perf_event(void *context)
{
	count(PERF_EVENT);
	return 0;
}

SEC("cgroup/sysctl")
int on_sysctl(struct bpf_sysctl *context)
{
	__u64 *value = bpf_get_local_storage(&per_cgroup, 0);

	count(SYSCTL);
	if (++*value > 1)
		count(CGROUP_STORAGE);
	return 1;
}

SEC("iter/task")
int on_iter(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task; /* read once: the verifier does not know a second pointer for the checked one */

	if (task && task->tgid == (pid_t)test_tgid)
		count(ITER);
	return 0;
}

static int rings(void *map, __u32 *key, struct timed *value)
{
	count(TIMER);
	return 0;
}

/* Run on demand. */
SEC("syscall")
int on_syscall(void *context)
{
	count(SYSCALL);
	return 0;
}

SEC("lsm/inode_symlink")
int BPF_PROG(arms_timer, struct inode *dir, struct dentry *dentry, const char *target, int ret)
{
	__u32 zero = 0;
	struct timed *value;

	if (ret)
		return ret;
	if (!concerned())
		return 0;
	value = bpf_map_lookup_elem(&timers, &zero);
	if (value) {
		bpf_timer_init(&value->timer, &timers, CLOCK_MONOTONIC);
		bpf_timer_set_callback(&value->timer, rings);
		bpf_timer_start(&value->timer, 1000000, 0);
	}
	return 0;
}
