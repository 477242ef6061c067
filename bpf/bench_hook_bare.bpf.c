// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* The peer of bench_hook.bpf.c: the same decision as somebody would write it who has no shared header. Attached in guests only. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define EPERM 1
#define FALLS_OPEN 1

/* All that a decision reads, in one place. */
struct bare_state {
	__u32 enforce;
	__u32 retired;
	__u32 orphaned;
	__u32 unused;
	__u64 grace_ns;
	__u64 alive_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bare_state);
} bare_now SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} bare_count SEC(".maps");

const volatile __u32 bench_forbidden = 0;

SEC("lsm/task_getpgid")
int BPF_PROG(bench_hook, struct task_struct *task, int ret)
{
	struct bare_state *state;
	__u64 *count, then, now;
	__u32 zero = 0;

	if (ret)
		return ret;
	count = bpf_map_lookup_elem(&bare_count, &zero);
	if (count)
		(*count)++;
	state = bpf_map_lookup_elem(&bare_now, &zero);
	if (!state || !state->enforce || state->retired)
		return 0;
	if (state->orphaned) {
		then = *(volatile __u64 *)&state->alive_ns;
		now = bpf_ktime_get_ns();
		if (now > then && now - then > state->grace_ns && state->orphaned == FALLS_OPEN)
			return 0;
	}
	if ((__u32)task->tgid == bench_forbidden)
		return -EPERM;
	return 0;
}
