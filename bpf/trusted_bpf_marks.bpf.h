/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Who is trusted, and how that is told. The mark lies in the task storage of a process's first thread and speaks for all
 * threads; it ends with the process, so that no number is ever taken for another process's.
 */
#ifndef TRUSTED_BPF_MARKS_BPF_H
#define TRUSTED_BPF_MARKS_BPF_H

#include "garrison.bpf.h"
#include "trusted_bpf.h"

_Static_assert(sizeof(struct trusted_bpf_key) == 24, "Java writes 24 bytes");
_Static_assert(sizeof(struct trusted_bpf_value) == 24, "Java writes 24 bytes");
_Static_assert(sizeof(struct trusted_bpf_file) == 16, "Java writes 16 bytes");

#define TRUST_KERNEL_THREAD 0x00200000	/* PF_KTHREAD */
#define TRUST_TICK_NS 10000000		/* of /proc/PID/stat */

/* The process that runs this plugin. It brought the gate and goes on loading; when it began tells a reused number. */
const volatile __u32 trust_owner = 0;
const volatile __u64 trust_owner_began = 0;	/* ticks since boot */

struct trust_mark {
	__u64 exe_inode;
	__u32 exe_device;
	__u32 reason;	/* enum trusted_bpf_reason: 0 is trusted */
	__s32 error;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct trust_mark);
} marks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 1);
		/* Not __type: of a struct that only an inner map's definition names, clang 14 writes no more than the name. */
		__uint(key_size, sizeof(struct trusted_bpf_key));
		__uint(value_size, sizeof(struct trusted_bpf_value));
	});
} policy SEC(".maps");

/* Never read: it names the type in the BTF, where Java looks for its fields. */
struct trusted_bpf_event *trust_event_type SEC(".data.trust");

static __always_inline bool trust_is_owner(struct task_struct *leader)
{
	return trust_owner && (__u32)leader->tgid == trust_owner && leader->start_boottime / TRUST_TICK_NS == trust_owner_began;
}

/* Fills what is the same in all records. The process's own program, even where the act is another's. */
static __always_inline void trust_describe(struct trusted_bpf_event *event)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct inode *inode;
	__u64 both = bpf_get_current_pid_tgid(), ids = bpf_get_current_uid_gid();

	event->exe_inode = 0;
	event->exe_device = 0;
	if (exe) {
		inode = BPF_CORE_READ(exe, f_inode);
		event->exe_inode = BPF_CORE_READ(inode, i_ino);
		event->exe_device = BPF_CORE_READ(inode, i_sb, s_dev);
	}
	event->cgroup = bpf_get_current_cgroup_id();
	event->tgid = both >> 32;
	event->pid = (__u32)both;
	event->uid = (__u32)ids;
	event->gid = ids >> 32;
	event->other = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

/* Tells of the present process's trust. */
static __always_inline void trust_tell(__u32 act, __u32 reason, __s32 error)
{
	struct trusted_bpf_event *event = garrison_reserve(sizeof(*event), TRUSTED_BPF_TRUST);

	if (!event)
		return;
	trust_describe(event);
	event->act = act;
	event->command = 0;
	event->reason = reason;
	event->error = error;
	event->verdict = 0;
	event->mode = garrison_enforcing() ? GARRISON_ENFORCE : GARRISON_AUDIT;
	bpf_ringbuf_submit(event, 0);
}

#endif
