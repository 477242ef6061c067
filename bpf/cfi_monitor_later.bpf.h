/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Behind the entry of a sensitive function: did the task come through it? The entry's sensor leaves a token, which the later one
 * takes. A chain that jumps over the entry has none, and where the later sensor sits it cannot know.
 *
 * That the token is missing proves something only if the entry's sensor would have run. Not so while trampolines are switched off,
 * which these sensors survive; while the entry's sensor is under way on the same CPU, in a task that was preempted (the kernel
 * then leaves it out). And those that were in the function already when a sensor came may be told from others only by the call site
 * that they return to.
 */
#ifndef CFI_MONITOR_LATER_BPF_H
#define CFI_MONITOR_LATER_BPF_H

#include "cfi_monitor_flow.bpf.h"

#define LATER_FRAMES 2			/* the function itself, and where it was called from */

struct later_frames {
	__u64 frames[LATER_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct later_frames);
} cfi_later_frames SEC(".maps");

static __always_inline bool trampolines_off(struct cfi_state *state)
{
	__u32 now = 1;

	if (state->blind)
		return true;
	if (state->switches[0])
		bpf_probe_read_kernel(&now, sizeof(now), (void *)state->switches[0]);
	return !now;
}

static __always_inline bool entry_may_be_unseen(struct cfi_state *state, struct cfi_later *later, __u32 sensor, __u64 caller)
{
	struct garrison_control *control = garrison_control_now();
	struct cfi_site site = { .sensor = sensor };
	__u64 now = bpf_ktime_get_boot_ns(), *until;
	__u32 zero = 0;

	if (!control || control->retired)
		return true;
	if (trampolines_off(state)) {
		doubt_entries();
		return true;
	}
	until = bpf_map_lookup_elem(&cfi_doubt, &zero);
	if (!until || now < *until || is_entering(sensor))
		return true;
	if (now >= later->settled_ns)
		return false;
	site.place = caller >= state->text_start && caller < state->text_end ? caller - state->text_start : caller;
	return bpf_map_lookup_elem(&cfi_sites, &site);
}

static __always_inline int passed_behind_entry(struct pt_regs *context)
{
	__u64 cookie = bpf_get_attach_cookie(context);
	__u32 sensor = cookie & CFI_COOKIE_SENSOR, bit = cookie >> CFI_COOKIE_SHIFT, zero = 0;
	struct task_struct *task = bpf_get_current_task_btf();
	struct cfi_state *state = cfi_state_now();
	struct cfi_report report = {};
	struct cfi_scratch *scratch;
	struct later_frames *stack;
	struct cfi_later *later;
	struct cfi_rule *rule;

	rule = cfi_rule_of(sensor);
	later = bpf_map_lookup_elem(&cfi_later, &sensor);
	if (!state || !rule || !rule->watched || !later)
		return 0;
	scratch = bpf_task_storage_get(&cfi_scratch, task, 0, 0);
	if (scratch) {
		__u8 *token = token_of(scratch, sensor);
		__u32 tokens = *token;

		*token = tokens & later->live & ~bit;
		if (tokens & bit)
			return 0;
	}
	stack = bpf_map_lookup_elem(&cfi_later_frames, &zero);
	if (stack && bpf_get_stack(context, stack->frames, sizeof(stack->frames), 0) == sizeof(stack->frames))
		report.address = stack->frames[1];
	if (entry_may_be_unseen(state, later, sensor, report.address)) {
		__u64 key = (__u64)task;
		struct cfi_task *known = sensor == CFI_COMMIT_CREDS ? bpf_map_lookup_elem(&cfi_tasks, &key) : NULL;

		/* What it commits was not seen either: it is taken as it is found next. */
		if (known)
			known->cred = 0;
		return 0;
	}
	report.task = task;
	report.sensor = sensor;
	report.finding = CFI_SKIPPED;
	report.current = 1;
	report.stack_pointer = PT_REGS_SP(context);
	if (cfi_violation(&report))
		punish(sensor);
	return 0;
}

#endif
