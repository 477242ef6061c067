/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * How file-guard reports: one record a hit, with the whole path where it fits. Nothing is written but into the ring: a
 * buffer that programs shared would race.
 */
#ifndef FILE_GUARD_REPORT_BPF_H
#define FILE_GUARD_REPORT_BPF_H

#include "file_guard_policy.bpf.h"

#define GUARD_NAME_MAX 255
#define GUARD_NAME_ROOM (GUARD_NAME_MAX + 1)

/* Names on their way into a record, the last one first: the way up is the only one there is. */
struct guard_names {
	struct dentry *at;
	char *out;
	__u64 matched_inode;
	__u32 used;		/* bytes, NULs included */
	__u32 cut;
	__s32 depth;
};

static __always_inline __u32 guard_name_length(struct dentry *dentry)
{
	__u32 length = dentry->d_name.len;

	return length > GUARD_NAME_MAX ? GUARD_NAME_MAX : length;
}

static long guard_measure_step(__u32 i, struct guard_names *names)
{
	struct dentry *at = names->at, *parent = at->d_parent;

	if (parent == at)
		return 1;
	names->used += guard_name_length(at) + 1;
	names->at = parent;
	return 0;
}

/* Records come in three sizes, since a ring buffer wants to know them beforehand: short, usual, and two paths of 4,096. */
#define GUARD_TELL(ROOM)                                                                              \
	static long guard_copy_step_##ROOM(__u32 i, struct guard_names *names)                        \
	{                                                                                             \
		struct dentry *at = names->at, *parent = at->d_parent;                                \
		struct inode *inode = at->d_inode;                                                    \
		__u32 used = names->used, length;                                                     \
                                                                                                      \
		if (inode && inode->i_ino == names->matched_inode)                                    \
			names->depth = i;                                                             \
		if (parent == at)                                                                     \
			return 1;                                                                     \
		if (used > (ROOM)-GUARD_NAME_ROOM) {                                                  \
			names->cut = 1;                                                               \
			return 1;                                                                     \
		}                                                                                     \
		length = guard_name_length(at);                                                       \
		bpf_probe_read_kernel(names->out + used, length, at->d_name.name);                    \
		used += length;                                                                       \
		names->out[used] = 0;                                                                 \
		names->used = used + 1;                                                               \
		names->at = parent;                                                                   \
		return 0;                                                                             \
	}                                                                                             \
                                                                                                      \
	static __noinline int guard_tell_##ROOM(struct guard_question *q, struct dentry *dentry, struct dentry *other) \
	{                                                                                             \
		struct file_guard_event *event = garrison_reserve(sizeof(*event) + (ROOM), FILE_GUARD_ACCESS); \
		struct guard_names names;                                                             \
                                                                                                      \
		if (!event)                                                                           \
			return 0;                                                                     \
		guard_fill(event, q, dentry);                                                         \
		names.at = dentry;                                                                    \
		names.out = event->names;                                                             \
		names.matched_inode = q->matched_inode;                                               \
		names.used = guard_zero;                                                              \
		names.cut = guard_zero;                                                               \
		names.depth = -1;                                                                     \
		bpf_loop(GUARD_LEVELS, guard_copy_step_##ROOM, &names, 0);                            \
		event->names_length = names.used;                                                     \
		event->depth = names.depth;                                                           \
		event->cut = names.cut ? FILE_GUARD_CUT_NAMES : 0;                                    \
		event->other_length = 0;                                                              \
		event->other_depth = -1;                                                              \
		if (other) {                                                                          \
			names.at = other;                                                             \
			names.cut = guard_zero;                                                       \
			names.depth = -1;                                                             \
			bpf_loop(GUARD_LEVELS, guard_copy_step_##ROOM, &names, 0);                    \
			event->other_length = names.used - event->names_length;                       \
			event->other_depth = names.depth;                                             \
			if (names.cut)                                                                \
				event->cut |= FILE_GUARD_CUT_OTHER;                                   \
		}                                                                                     \
		bpf_ringbuf_submit(event, 0);                                                         \
		return 0;                                                                             \
	}

static __always_inline void guard_fill(struct file_guard_event *event, struct guard_question *q, struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = dentry->d_inode;
	__u64 both = bpf_get_current_pid_tgid();

	event->object_inode = inode ? inode->i_ino : 0;
	event->matched_inode = q->matched_inode;
	guard_executable(&event->exe_inode, &event->exe_device);
	event->cgroup = bpf_get_current_cgroup_id();
	event->device = q->key.device;
	event->rule = q->rule;
	event->operation = q->operation;
	event->hook = q->hook;
	if (q->found == GUARD_DENIED) {
		event->verdict = -EPERM;
		event->mode = GARRISON_ENFORCE;
	} else {
		event->verdict = 0;
		event->mode = GARRISON_AUDIT;
	}
	event->tgid = both >> 32;
	event->pid = (__u32)both;
	event->uid = task->cred->fsuid.val;
	event->gid = task->cred->fsgid.val;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

GUARD_TELL(384)
GUARD_TELL(1536)
GUARD_TELL(8704)

/* `other` is the second name of a rename or link, else NULL. */
static __noinline int guard_tell(struct guard_question *q, struct dentry *dentry, struct dentry *other)
{
	struct guard_names names = { .at = dentry, .used = guard_zero };

	bpf_loop(GUARD_LEVELS, guard_measure_step, &names, 0);
	if (other) {
		names.at = other;
		bpf_loop(GUARD_LEVELS, guard_measure_step, &names, 0);
	}
	if (names.used <= 384 - GUARD_NAME_ROOM)
		guard_tell_384(q, dentry, other);
	else if (names.used <= 1536 - GUARD_NAME_ROOM)
		guard_tell_1536(q, dentry, other);
	else
		guard_tell_8704(q, dentry, other);
	return 0;
}

/* Reports what was found, and says whether to refuse. */
static __always_inline bool guard_end(struct guard_question *q, struct dentry *dentry, struct dentry *other)
{
	if (q->found == GUARD_NOTHING)
		return false;
	if (q->found == GUARD_DENIED || !q->quiet)
		guard_tell(q, dentry, other);
	return q->found == GUARD_DENIED;
}

/* The common case: one object, judged as it is and by the trees above. */
static __always_inline bool guard_denies(struct dentry *dentry, __u32 hook, __u32 act)
{
	struct guard_question q;

	if (!guard_begin(&q, dentry, hook, act))
		return false;
	guard_walk(&q, dentry);
	return guard_end(&q, dentry, NULL);
}

/* Constants from separate branches, kept apart: see garrison.bpf.h. */
static __always_inline int guard_verdict(bool denied)
{
	if (denied) {
		barrier();
		return -EPERM;
	}
	return 0;
}

#endif
