/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Behind the entry of a sensitive function: did the task come through it? What sits at the entry leaves a token, which the later
 * sensor takes. A chain that jumps over the entry has none, and where the later sensor sits it cannot know.
 *
 * That the token is missing proves something only if it would have been given. The kernel leaves a fentry program out on a CPU on
 * which a task was preempted within it (bpf_prog.active), which anybody can bring about. So a kprobe sits at the entry, too: its
 * handler is not preempted. The one thing that silences both kprobes' programs on a CPU, bpf_prog_active, is held over a
 * preemption only by who changes a map with bpf(2), which takes privileges. The kprobe gives the same token, notes what it sees
 * of the caller for the case that the entry's sensor is left out, and what is committed.
 *
 * Both are off while trampolines are switched off, which sensors behind entries survive. And those that were in the function
 * already when a sensor came may be told from others only by the call site that they return to.
 */
#ifndef CFI_MONITOR_LATER_BPF_H
#define CFI_MONITOR_LATER_BPF_H

#include "cfi_monitor_cred.bpf.h"

#define KPROBE_FRAMES 2			/* the function itself, and where it was called from */

struct kprobe_frames {
	__u64 frames[KPROBE_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kprobe_frames);
} cfi_kprobe_frames SEC(".maps");

/* Where the function returns to; 0 if that is no code. */
static __always_inline __u64 return_address(struct pt_regs *context)
{
	__u32 zero = 0;
	struct kprobe_frames *stack = bpf_map_lookup_elem(&cfi_kprobe_frames, &zero);

	if (!stack || bpf_get_stack(context, stack->frames, sizeof(stack->frames), 0) != sizeof(stack->frames))
		return 0;
	return stack->frames[1];
}

static __always_inline __u32 look_at_caller(struct pt_regs *context, struct cfi_state *state, struct task_struct *task, __u32 sensor)
{
	__u64 stack = (__u64)BPF_CORE_READ(task, stack), pointer = PT_REGS_SP(context), caller;

	if (pointer < stack || pointer >= stack + THREAD_SIZE)
		return CFI_STACK;
	caller = return_address(context);
	return caller ? unknown_caller(state, sensor, caller) : CFI_ENTRY;
}

static __always_inline int passed_entry(struct pt_regs *context)
{
	__u32 sensor = bpf_get_attach_cookie(context) & CFI_COOKIE_SENSOR;
	struct task_struct *task = bpf_get_current_task_btf();
	struct cfi_state *state = cfi_state_now();
	struct cfi_task *known;

	known = give_token(task, sensor, 0);
	if (!known || !state)
		return 0;
	*note_of(known, sensor) = look_at_caller(context, state, task, sensor);
	if (sensor == CFI_COMMIT_CREDS)
		committing(task, (const struct cred *)PT_REGS_PARM1(context));
	return 0;
}

static __always_inline bool trampolines_off(struct cfi_state *state)
{
	__u32 now = 1;

	if (state->blind)
		return true;
	if (state->switches[SWITCH_FTRACE])
		bpf_probe_read_kernel(&now, sizeof(now), (void *)state->switches[SWITCH_FTRACE]);
	return !now;
}

static __always_inline bool entry_may_be_unseen(struct cfi_state *state, struct cfi_later *later, __u32 sensor, __u64 caller)
{
	struct garrison_control *control = garrison_control_now();
	__u64 now = bpf_ktime_get_boot_ns(), *until;
	__u32 zero = 0;

	if (!control || control->retired)
		return true;
	if (trampolines_off(state)) {
		doubt_entries();
		return true;
	}
	until = bpf_map_lookup_elem(&cfi_doubt, &zero);
	if (!until || now < *until || (is_entering(sensor) && !is_witnessed(state, sensor)))
		return true;
	return now < later->settled_ns && !unknown_caller(state, sensor, caller);
}

/* The entry's sensor was left out: what the kprobe there saw of the caller is the finding. */
static __always_inline __u32 made_up_for(struct cfi_state *state, struct cfi_task *known, __u32 sensor)
{
	__u32 noted = *note_of(known, sensor);

	__sync_fetch_and_add(&state->left_out, 1);
	return noted == CFI_SITE && state->learning ? 0 : noted;
}

/* The task came in without a token. */
static __always_inline __u32 skipped(struct cfi_state *state, struct cfi_later *later, struct cfi_task *known, __u32 sensor, __u64 caller)
{
	if (!entry_may_be_unseen(state, later, sensor, caller))
		return CFI_SKIPPED;
	__sync_fetch_and_add(&state->believed, 1);
	/* What it commits was not seen either: it is taken as it is found next. */
	if (known && sensor == CFI_COMMIT_CREDS)
		known->cred = 0;
	return 0;
}

static __always_inline int passed_behind_entry(struct pt_regs *context)
{
	__u64 cookie = bpf_get_attach_cookie(context);
	__u32 sensor = cookie & CFI_COOKIE_SENSOR, bit = cookie >> CFI_COOKIE_SHIFT, tokens = 0, rest;
	struct task_struct *task = bpf_get_current_task_btf();
	struct cfi_state *state = cfi_state_now();
	struct cfi_report report = {};
	struct cfi_later *later;
	struct cfi_task *known;
	struct cfi_rule *rule;
	__u64 key = (__u64)task;

	rule = cfi_rule_of(sensor);
	later = bpf_map_lookup_elem(&cfi_later, &sensor);
	if (!state || !rule || !rule->watched || !later)
		return 0;
	known = bpf_map_lookup_elem(&cfi_tasks, &key);
	if (known) {
		tokens = *token_of(known, sensor);
		rest = tokens & later->live & ~bit;
		*token_of(known, sensor) = rest ? rest | (tokens & CFI_JUDGED) : 0;
	}
	if (tokens & bit && tokens & CFI_JUDGED)
		return 0;
	report.address = return_address(context);
	if (known && tokens & bit)
		report.finding = made_up_for(state, known, sensor);
	else
		report.finding = skipped(state, later, known, sensor, report.address);
	if (!report.finding)
		return 0;
	report.task = task;
	report.sensor = sensor;
	report.current = 1;
	report.stack_pointer = PT_REGS_SP(context);
	if (cfi_violation(&report))
		punish(sensor);
	return 0;
}

#endif
