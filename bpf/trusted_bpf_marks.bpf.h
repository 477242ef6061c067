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
_Static_assert(sizeof(struct trusted_bpf_value) == 32, "Java writes 32 bytes");
_Static_assert(sizeof(struct trusted_bpf_file) == 16, "Java writes 16 bytes");
_Static_assert(sizeof(struct trusted_bpf_signature) == 1064, "Java writes 1,064 bytes");
_Static_assert(sizeof(struct trusted_bpf_release) == 32, "signed are 32 bytes");
_Static_assert(sizeof(struct trusted_bpf_runtime) == 32 + 5 * TRUSTED_BPF_PATH + TRUSTED_BPF_ARGUMENTS, "Java writes it");

#define TRUST_KERNEL_THREAD 0x00200000	/* PF_KTHREAD */
#define TRUST_TICK_NS 10000000		/* of /proc/PID/stat */

/* The process that runs this plugin. It brought the gate and goes on loading; when it began tells a reused number. */
const volatile __u32 trust_owner = 0;
const volatile __u64 trust_owner_began = 0;	/* ticks since boot */

/* Set by who started the kernel with garrison.trust=off: all is told, nothing is refused. */
const volatile __u32 trust_off = 0;

enum trust_role {
	TRUST_LOADER = 0,
	TRUST_RUNTIME = 1,	/* Garrison, started again */
	TRUST_INTERPRETER = 2,	/* trusted from when it opens a signed script */
};

struct trust_mark {
	__u64 exe_inode;
	__u32 exe_device;
	__u32 reason;	/* enum trusted_bpf_reason: 0 is trusted */
	__s32 error;
	__u32 role;	/* enum trust_role */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct trust_mark);
} marks SEC(".maps");

/* Files of which the runtime consists. Kept from one object to the next: what it wrote itself only its programs know. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct trusted_bpf_file);
	__type(value, __u32);
} own_files SEC(".maps");

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

static __always_inline void trust_identify(struct inode *inode, struct trusted_bpf_file *id)
{
	id->inode = BPF_CORE_READ(inode, i_ino);
	id->device = BPF_CORE_READ(inode, i_sb, s_dev);
	id->generation = BPF_CORE_READ(inode, i_generation);
}

/* What a file is to the runtime; 0: nothing. */
static __always_inline __u32 trust_own_file(struct inode *inode)
{
	struct trusted_bpf_file id = {};
	__u32 *what;

	trust_identify(inode, &id);
	what = bpf_map_lookup_elem(&own_files, &id);
	return what ? *what : 0;
}

/* Whether the process is trusted, or an interpreter that may be yet. */
static __always_inline bool trust_may_lose(struct trust_mark *mark)
{
	return mark->reason == TRUSTED_BPF_TRUSTED || mark->reason == TRUSTED_BPF_NO_SCRIPT;
}

/* Whether a process is the runtime: the one that brought these programs, or one that was started as that was. */
static __always_inline bool trust_runs_garrison(struct task_struct *leader, struct trust_mark *mark)
{
	return trust_is_owner(leader) || (mark && mark->role == TRUST_RUNTIME && mark->reason == TRUSTED_BPF_TRUSTED);
}

static __always_inline bool trust_enforcing(void)
{
	return !trust_off && garrison_enforcing();
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
	event->mode = trust_enforcing() ? GARRISON_ENFORCE : GARRISON_AUDIT;
	bpf_ringbuf_submit(event, 0);
}

#endif
