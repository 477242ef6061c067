/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Structs that BPF programs and Java both know. Java resolves offsets by field name from the object's own BTF. */
#ifndef GARRISON_H
#define GARRISON_H

/* First member of every record in a ring buffer. */
struct garrison_event {
	__u64 time_ns;		/* bpf_ktime_get_boot_ns() */
	__u32 type;		/* chooses the Java binding; each plugin numbers its own from 1 */
	__u32 generation;	/* of the run that wrote it, see struct garrison_control */
};

/* Written by the framework, read by every program: switching the mode reloads nothing. */
struct garrison_control {
	__u32 mode;		/* enum garrison_mode */
	__u32 generation;	/* copied into events */
	__u32 orphaned;		/* enum garrison_orphaned: what holds while no runtime lives */
	__u32 retired;		/* 1: others have taken over; decides and tells nothing any more */
	__u64 grace_ns;		/* without a heartbeat for this long, no runtime lives */
	__u64 layout;		/* of the records; a later process reads them only if its own is the same */
	__u32 sample_every;	/* of a plugin over its budget one record of so many is written; 0 and 1: all are */
	__u32 reserved;
};

enum garrison_mode {
	GARRISON_AUDIT = 0,
	GARRISON_ENFORCE = 1,
};

enum garrison_orphaned {
	GARRISON_CONTINUE = 0,	/* as if nothing had happened */
	GARRISON_OPEN = 1,	/* refuse nothing */
	GARRISON_CLOSED = 2,	/* refuse also what the policy would grant to some */
};

/* Written once a second by the process that runs the plugin. */
struct garrison_heartbeat {
	__u64 time_ns;		/* bpf_ktime_get_ns(): time asleep is no time without a runtime */
	__u64 dropped;		/* of all that garrison_counters counts as dropped, what has been told */
};

/* Per CPU. What was sent equals what the reader received plus what was dropped, to the event. */
struct garrison_counters {
	__u64 sent;		/* records the ring took */
	__u64 dropped;		/* records for which the ring had no room */
	__u64 sampled_out;	/* records not written, see sample_every: neither sent nor dropped */
};

#endif
