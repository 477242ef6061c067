/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What every Garrison program includes, once per object. It brings the ring buffer, the counters, the mode and the one way
 * to say "no decision":
 *
 *	garrison_events		ring buffer; the framework reads it and counts what did not fit
 *	garrison_counters	per CPU: sent, dropped, sampled out
 *	garrison_control	the mode and the generation, written by the framework
 *	garrison_denials	what was refused, by hook
 *	garrison_heartbeat	when the framework was last alive, for programs that are pinned and outlive it
 *
 * Rules of the house: an earlier program's denial is passed on (the kernel asks the newest program first, and none after one
 * that denies, so `ret` is another module's); what a program refuses it counts, with garrison_deny(); a full ring never changes a verdict; constants are returned
 * from separate branches, since 6.12's verifier bounds no negation that clang may make of `cond ? -EPERM : 0`.
 */
#ifndef GARRISON_BPF_H
#define GARRISON_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "garrison.h"

#define GARRISON_LICENSE char LICENSE[] SEC("license") = "Dual BSD/GPL"

#define EPERM 1

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} garrison_events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct garrison_counters);
} garrison_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct garrison_control);
} garrison_control SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct garrison_heartbeat);
} garrison_heartbeat SEC(".maps");

/* Refusals, by garrison_hook(). The framework makes the entries; what has none is not counted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, __u32);
	__type(value, __u64);
} garrison_denials SEC(".maps");

/*
 * The value by which inode_setxattr and inode_removexattr say "no decision". Where inode_xattr_skipcap is missing (before
 * 6.11), the kernel checks CAP_SYS_ADMIN for security.* names only if the hooks return 1, and the mere presence of BPF in
 * the LSM list makes them return 0: set by the framework to 1 there, else 0.
 */
const volatile __u32 garrison_xattr_no_decision = 0;

static __always_inline struct garrison_control *garrison_control_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&garrison_control, &zero);
}

/* What holds because no runtime lives; GARRISON_CONTINUE while one does, or where nothing else is asked for. */
static __always_inline __u32 garrison_orphaned_now(struct garrison_control *control)
{
	struct garrison_heartbeat *heartbeat;
	__u64 now, then;
	__u32 zero = 0;

	if (control->orphaned == GARRISON_CONTINUE)
		return GARRISON_CONTINUE;
	heartbeat = bpf_map_lookup_elem(&garrison_heartbeat, &zero);
	if (!heartbeat)
		return GARRISON_CONTINUE;
	/* The heartbeat first: it must not be newer than the clock that it is compared with. */
	then = *(volatile __u64 *)&heartbeat->time_ns;
	now = bpf_ktime_get_ns();
	if (now <= then || now - then <= control->grace_ns)
		return GARRISON_CONTINUE;
	return control->orphaned;
}

/* The mode as data: AUDIT until the framework says otherwise, and nothing once others have taken over. */
static __always_inline bool garrison_enforcing(void)
{
	struct garrison_control *control = garrison_control_now();

	if (!control || control->mode != GARRISON_ENFORCE || control->retired)
		return false;
	return garrison_orphaned_now(control) != GARRISON_OPEN;
}

/* Whether what the policy grants to some is to be refused too, since nobody is there to answer for it. */
static __always_inline bool garrison_fallen_closed(void)
{
	struct garrison_control *control = garrison_control_now();

	return control && garrison_orphaned_now(control) == GARRISON_CLOSED;
}

/* A hook's number: FNV-1a over its name, a constant once compiled. */
#define garrison_hook(name) garrison_hook_number(name, sizeof(name) - 1)

static __always_inline __u32 garrison_hook_number(const char *name, __u32 length)
{
	__u32 hash = 0x811c9dc5, i;

#pragma unroll
	for (i = 0; i < 40; i++) {
		if (i < length)
			hash = (hash ^ (__u8)name[i]) * 0x01000193;
	}
	return hash;
}

/* Counts a refusal and returns its verdict: return garrison_deny(garrison_hook("file_open")). */
static __always_inline int garrison_deny(__u32 hook)
{
	__u64 *count = bpf_map_lookup_elem(&garrison_denials, &hook);

	if (count)
		__sync_fetch_and_add(count, 1);
	barrier();
	return -EPERM;
}

/* `sent` counts on submit's behalf: a reserved record is always submitted. */
static __always_inline void garrison_count(bool sent)
{
	__u32 zero = 0;
	struct garrison_counters *counters = bpf_map_lookup_elem(&garrison_counters, &zero);

	if (!counters)
		return;
	/* Atomic: a sleepable program may be preempted on this CPU by another one. */
	if (sent)
		__sync_fetch_and_add(&counters->sent, 1);
	else
		__sync_fetch_and_add(&counters->dropped, 1);
}

/* Whether this record is one of those that a plugin over its budget does not write. They are counted. */
static __always_inline bool garrison_sampled_out(__u32 every)
{
	__u32 zero = 0;
	struct garrison_counters *counters = bpf_map_lookup_elem(&garrison_counters, &zero);

	if (!counters || (counters->sent + counters->dropped + counters->sampled_out) % every == 0)
		return false;
	__sync_fetch_and_add(&counters->sampled_out, 1);
	return true;
}

/*
 * Reserves a record and fills its header; NULL when the ring is full or the plugin is being sampled, which is counted, or
 * others have taken over and tell it. No decision may depend on it. `size` must be a constant. What this run of the program
 * refuses nobody else gets to see, so that it is told here even if others took over after it had asked for the mode.
 */
static __always_inline void *garrison_reserve_for(__u64 size, __u32 type, bool refused)
{
	struct garrison_control *control = garrison_control_now();
	struct garrison_event *event;

	if (control && control->retired && !refused)
		return NULL;
	if (control && control->sample_every > 1 && garrison_sampled_out(control->sample_every))
		return NULL;
	event = bpf_ringbuf_reserve(&garrison_events, size, 0);
	if (!event) {
		garrison_count(false);
		return NULL;
	}
	garrison_count(true);
	event->time_ns = bpf_ktime_get_boot_ns();
	event->type = type;
	event->generation = control ? control->generation : 0;
	return event;
}

/* The same for what is let through. */
static __always_inline void *garrison_reserve(__u64 size, __u32 type)
{
	return garrison_reserve_for(size, type, false);
}

#endif
