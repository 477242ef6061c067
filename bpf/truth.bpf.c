// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Whether programs really run. One act of the heartbeat thread, prctl(PR_SET_NAME), passes all of these places:
 *
 *	raw_tp/task_rename		a raw tracepoint, which depends neither on trampolines nor on the list of modules
 *	lsm/task_prctl			an LSM program: silent without bpf in lsm=, and with kernel.ftrace_enabled=0
 *	fmod_ret/security_task_prctl	a trampoline without the LSM: silent with kernel.ftrace_enabled=0
 *	kprobe/security_task_prctl	a kprobe on ftrace: silent with that, and with kprobes/enabled=0
 *
 * Both are rare in other processes, so that the heartbeat costs them nothing that could be measured; a raw_tp/sys_enter would
 * put every system call of the machine on its slow way. No ring buffer: user space looks at the counters after each act.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Java knows this layout (Beats). */
struct garrison_beats {
	__u64 thread;		/* bpf_get_current_pid_tgid() of the heartbeat thread */
	__u64 acts_ns;		/* when the tracepoint last saw it, since boot */
	__u64 acts;		/* how often the tracepoint saw it */
	__u64 lsm;
	__u64 trampoline;
	__u64 kprobe;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct garrison_beats);
} beats SEC(".maps");

/* The beats, if the heartbeat thread is running. */
static __always_inline struct garrison_beats *own(void)
{
	__u32 zero = 0;
	struct garrison_beats *now = bpf_map_lookup_elem(&beats, &zero);

	return now && now->thread == bpf_get_current_pid_tgid() ? now : NULL;
}

/* Run on demand by the heartbeat thread: its number in the initial pid namespace, whatever namespace it lives in. */
SEC("syscall")
int truth_thread(void *context)
{
	__u32 zero = 0;
	struct garrison_beats *now = bpf_map_lookup_elem(&beats, &zero);

	if (!now)
		return 1;
	now->thread = bpf_get_current_pid_tgid();
	return 0;
}

SEC("raw_tp/task_rename")
int truth_act(void *context)
{
	struct garrison_beats *now = own();

	if (now) {
		now->acts_ns = bpf_ktime_get_boot_ns();
		now->acts++;
	}
	return 0;
}

/* 0 goes on to the next module; this hook's own "no decision", -ENOSYS, would be taken for one. */
SEC("?lsm/task_prctl")
int truth_lsm(void *context)
{
	struct garrison_beats *now = own();

	if (now)
		now->lsm++;
	return 0;
}

SEC("?fmod_ret/security_task_prctl")
int truth_trampoline(void *context)
{
	struct garrison_beats *now = own();

	if (now)
		now->trampoline++;
	return 0;
}

SEC("?kprobe/security_task_prctl")
int truth_kprobe(void *context)
{
	struct garrison_beats *now = own();

	if (now)
		now->kprobe++;
	return 0;
}
