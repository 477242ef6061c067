/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * How file-guard reports: one record a hit, with the whole path where it fits. Nothing is written but into the ring: a
 * buffer that programs shared would race.
 */
#ifndef FILE_GUARD_REPORT_BPF_H
#define FILE_GUARD_REPORT_BPF_H

#include "file_guard_walk.bpf.h"

#define GUARD_NAME_ROOM (GUARD_NAME_MAX + 1)

/* Names on their way into a record, the last one first: the way up is the only one there is. */
struct guard_names {
	struct guard_question *q;
	char *out;
};

static long guard_measure_step(__u32 i, struct guard_question **q)
{
	__u64 at = (*q)->at, parent = guard_parent(at);

	if (parent == at)
		return 1;
	(*q)->used += guard_name_length(at) + 1;
	(*q)->at = parent;
	return 0;
}

_Static_assert(sizeof(struct file_guard_rate) == sizeof(struct file_guard_value), "one map holds both");

/* Who started the process, who started that one, and so on; those that took over from one that ended are told in its place. */
static __always_inline void guard_fill_ancestors(struct file_guard_event *event)
{
	__u64 task = bpf_get_current_task();

	for (__u32 i = 0; i < FILE_GUARD_ANCESTORS; i++) {
		struct file_guard_ancestor *ancestor = &event->ancestors[i];

		/* The first task of all is its own parent, and has number 0; what cannot be read is set to 0. */
		task = GUARD_READ(struct task_struct, task, real_parent);
		ancestor->tgid = GUARD_READ(struct task_struct, task, tgid);
		bpf_probe_read_kernel(ancestor->comm, sizeof(ancestor->comm),
				      (void *)(task + bpf_core_field_offset(struct task_struct, comm)));
	}
}

static __always_inline void guard_fill(struct file_guard_event *event, struct guard_question *q)
{
	__u64 both = bpf_get_current_pid_tgid();

	event->object_inode = guard_number(guard_inode(q->dentry));
	event->matched_inode = q->matched_inode;
	event->exe_inode = q->exe_inode;
	event->exe_device = q->exe_device;
	event->cgroup = bpf_get_current_cgroup_id();
	event->device = q->device;
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
	event->uid = q->uid;
	event->gid = q->gid;
	event->depth = q->depth;
	event->second = q->matched_second;
	event->killed = q->killed;
	event->limited = q->limited;
	guard_fill_ancestors(event);
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

/* Records come in three sizes, since a ring buffer wants to know them beforehand: short, usual, and two paths of 4,096. */
#define GUARD_TELL(ROOM)                                                                                              \
	static long guard_copy_step_##ROOM(__u32 i, struct guard_names *names)                                        \
	{                                                                                                             \
		struct guard_question *q = names->q;                                                                  \
		__u64 at = q->at, parent = guard_parent(at);                                                          \
		const unsigned char *name;                                                                            \
		__u32 used, length;                                                                                   \
                                                                                                                      \
		if (parent == at)                                                                                     \
			return 1;                                                                                     \
		length = guard_name_length(at);                                                                       \
		name = BPF_CORE_READ((struct dentry *)at, d_name.name);                                               \
		/* Last before its use: 6.1 does not carry a bound over to a register's copy on the stack. */         \
		used = q->used;                                                                                       \
		if (used > (ROOM)-GUARD_NAME_ROOM) {                                                                  \
			q->cut = 1;                                                                                   \
			return 1;                                                                                     \
		}                                                                                                     \
		bpf_probe_read_kernel(names->out + used, length, name);                                               \
		used += length;                                                                                       \
		names->out[used] = 0;                                                                                 \
		q->used = used + 1;                                                                                   \
		q->at = parent;                                                                                       \
		return 0;                                                                                             \
	}                                                                                                             \
                                                                                                                      \
	__noinline int guard_tell_##ROOM(struct guard_question *q)                                                    \
	{                                                                                                             \
		struct file_guard_event *event;                                                                       \
		struct guard_names names;                                                                             \
                                                                                                                      \
		if (!q)                                                                                               \
			return 0;                                                                                     \
		event = garrison_reserve_for(sizeof(*event) + (ROOM), FILE_GUARD_ACCESS, q->found == GUARD_DENIED);   \
		if (!event)                                                                                           \
			return 0;                                                                                     \
		guard_fill(event, q);                                                                                 \
		names.q = q;                                                                                          \
		names.out = event->names;                                                                             \
		q->at = q->dentry;                                                                                    \
		q->used = 0;                                                                                          \
		q->cut = 0;                                                                                           \
		bpf_loop(GUARD_LEVELS, guard_copy_step_##ROOM, &names, 0);                                            \
		event->names_length = q->used;                                                                        \
		event->cut = q->cut * FILE_GUARD_CUT_NAMES;                                                           \
		if (q->other) {                                                                                       \
			q->at = q->other;                                                                             \
			q->cut = 0;                                                                                   \
			bpf_loop(GUARD_LEVELS, guard_copy_step_##ROOM, &names, 0);                                    \
			event->cut |= q->cut * FILE_GUARD_CUT_OTHER;                                                  \
		}                                                                                                     \
		event->other_length = q->used - event->names_length;                                                  \
		bpf_ringbuf_submit(event, 0);                                                                         \
		return 0;                                                                                             \
	}

GUARD_TELL(384)
GUARD_TELL(1536)
GUARD_TELL(8704)

/* Whether the rule has not told enough in this second; else one more is counted as untold. */
static __always_inline bool guard_may_tell(struct guard_question *q)
{
	struct file_guard_key key = { .kind = FILE_GUARD_RATE, .number = q->rule };
	__u32 zero = 0, second = bpf_ktime_get_boot_ns() / 1000000000, told;
	struct file_guard_rate *rate;
	void *now = bpf_map_lookup_elem(&policy, &zero);

	rate = now ? bpf_map_lookup_elem(now, &key) : NULL;
	if (!rate)
		return true;
	if (rate->second != second) {
		rate->second = second;
		rate->told = 0;
	}
	told = __sync_fetch_and_add(&rate->told, 1);
	if (told >= rate->limit) {
		__sync_fetch_and_add(&rate->untold, 1);
		return false;
	}
	q->limited = told + 1 == rate->limit;
	return true;
}

__noinline int guard_tell(struct guard_question *q)
{
	if (!q || (q->rated && !guard_may_tell(q)))
		return 0;
	guard_identify(q);
	q->used = 0;
	q->at = q->dentry;
	bpf_loop(GUARD_LEVELS, guard_measure_step, &q, 0);
	if (q->other) {
		q->at = q->other;
		bpf_loop(GUARD_LEVELS, guard_measure_step, &q, 0);
	}
	if (q->used <= 384 - GUARD_NAME_ROOM)
		guard_tell_384(q);
	else if (q->used <= 1536 - GUARD_NAME_ROOM)
		guard_tell_1536(q);
	else
		guard_tell_8704(q);
	return 0;
}

/* Answers the question and reports what was found; true when the act is to be refused. */
static __always_inline bool guard_refuses(struct guard_question *q)
{
	guard_judge(q);
	if (q->found == GUARD_NOTHING)
		return false;
	if (q->found == GUARD_DENIED || !q->quiet)
		guard_tell(q);
	return q->found == GUARD_DENIED;
}

/* The common case: one object, judged as it is and by the trees above. */
static __always_inline bool guard_denies(struct dentry *dentry, __u32 hook, __u32 act)
{
	struct guard_question q;

	return guard_begin(&q, dentry, hook, act, act) && guard_refuses(&q);
}

/* Constants from separate branches, kept apart: see garrison.bpf.h. */
static __always_inline int guard_verdict_at(__u32 hook, bool denied)
{
	if (denied)
		return garrison_deny(hook);
	return 0;
}

/* For the program of a hook, by its name. */
#define guard_verdict(name, denied) guard_verdict_at(garrison_hook(name), denied)

#endif
