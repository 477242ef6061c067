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
	__u64 mount;		/* the struct mount that the way leads through; 0: it ends at the file system's root */
	__u64 root;		/* the process's, a dentry */
	__u64 root_mount;	/* and the struct mount that it lies on */
};

static __always_inline __u64 guard_mount_of(__u64 vfsmount)
{
	return vfsmount - bpf_core_field_offset(struct mount, mnt);
}

/*
 * Where the present process's names begin: its root, which chroot(2) moves, and the mounts below. One that has none any more, at its
 * end, reads as 0, which is no place. Nothing here is a constant: the verifier would follow the loops that come once for each.
 */
static __always_inline void guard_begin_view(struct guard_names *names, __u64 mount)
{
	__u64 task = bpf_get_current_task(), fs = GUARD_READ(struct task_struct, task, fs);

	names->mount = mount;
	names->root = GUARD_READ(struct fs_struct, fs, root.dentry);
	names->root_mount = guard_mount_of(GUARD_READ(struct fs_struct, fs, root.mnt));
}

/* On the way up across mounts: 1 where it ends, 2 where it went on to the mount below, 0 at a name. */
static __always_inline int guard_cross_mount(struct guard_names *names)
{
	__u64 mount = names->mount, parent;

	if (names->q->at == names->root && mount == names->root_mount)
		return 1;
	if (names->q->at != GUARD_READ(struct mount, mount, mnt.mnt_root))
		return 0;
	parent = GUARD_READ(struct mount, mount, mnt_parent);
	if (!parent || parent == mount)
		return 1;
	names->q->at = GUARD_READ(struct mount, mount, mnt_mountpoint);
	names->mount = parent;
	return 2;
}

static long guard_measure_step(__u32 i, struct guard_names *names)
{
	struct guard_question *q = names->q;
	__u64 at = q->at, parent;
	int crossed;

	/* Here the process's view of the path ends, or goes on where the mount lies. */
	if (q->mount && q->seen < 0 && (crossed = guard_cross_mount(names))) {
		q->seen = i;
		q->mount = crossed & 1 ? 0 : names->mount;
		q->second = q->at;
		q->at = at;
	}
	parent = guard_parent(at);
	if (parent == at)
		return 1;
	q->used += guard_name_length(at) + 1;
	q->at = parent;
	return 0;
}

static long guard_measure_mounts_step(__u32 i, struct guard_names *names)
{
	struct guard_question *q = names->q;
	int crossed = guard_cross_mount(names);

	if (crossed)
		return crossed & 1;
	q->used += guard_name_length(q->at) + 1;
	q->at = guard_parent(q->at);
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
		int crossed = names->mount ? guard_cross_mount(names) : 0;                                            \
		struct guard_question *q = names->q;                                                                  \
		__u64 at = q->at, parent = guard_parent(at);                                                          \
		const unsigned char *name;                                                                            \
		__u32 used, length;                                                                                   \
                                                                                                                      \
		if (crossed)                                                                                          \
			return crossed & 1;                                                                           \
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
		struct guard_names names = {};                                                                        \
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
		event->seen = q->seen;                                                                                \
		if (q->mount && q->seen >= 0) {                                                                       \
			guard_begin_view(&names, q->mount);                                                           \
			q->at = q->second;                                                                            \
			q->cut = 0;                                                                                   \
			bpf_loop(GUARD_LEVELS, guard_copy_step_##ROOM, &names, 0);                                    \
			event->cut |= q->cut * FILE_GUARD_CUT_MOUNTS;                                                 \
		}                                                                                                     \
		event->mounts_length = q->used - event->names_length - event->other_length;                           \
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
	struct guard_names names = {};

	if (!q || (q->rated && !guard_may_tell(q)))
		return 0;
	guard_identify(q);
	names.q = q;
	q->used = 0;
	q->seen = -1;
	q->at = q->dentry;
	/* Also where the hook told no mount: then nobody looks at it. */
	guard_begin_view(&names, guard_mount_of(q->mount));
	bpf_loop(GUARD_LEVELS, guard_measure_step, &names, 0);
	if (q->other) {
		q->at = q->other;
		bpf_loop(GUARD_LEVELS, guard_measure_step, &names, 0);
	} else if (q->mount && q->seen >= 0) {
		names.mount = q->mount;
		q->at = q->second;
		bpf_loop(GUARD_LEVELS, guard_measure_mounts_step, &names, 0);
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

/* The same where the hook tells the mount, too. */
static __always_inline bool guard_denies_at(const struct path *path, __u32 hook, __u32 act)
{
	struct guard_question q;

	if (!guard_begin(&q, path->dentry, hook, act, act))
		return false;
	q.mount = (__u64)path->mnt;
	return guard_refuses(&q);
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
