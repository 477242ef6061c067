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
};

enum garrison_mode {
	GARRISON_AUDIT = 0,
	GARRISON_ENFORCE = 1,
};

/* Per CPU. What was sent equals what the reader received plus what was dropped, to the event. */
struct garrison_counters {
	__u64 sent;		/* records the ring took */
	__u64 dropped;		/* records for which the ring had no room */
};

#endif
