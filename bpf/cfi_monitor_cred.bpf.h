/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Credentials change in one way only: a new set is committed, or inherited at fork, and never written to again. So what a task
 * has must be what it last committed or inherited, to the letter. Looked at where a task opens, runs or forks something, and
 * by a walk over all tasks.
 */
#ifndef CFI_MONITOR_CRED_BPF_H
#define CFI_MONITOR_CRED_BPF_H

#include "cfi_monitor_flow.bpf.h"

#define TASKS_MAX 65536
#define KERNEL_HALF 0xffff800000000000ULL
#define FOREIGN_CREDS (0x00200000 | 0x00000010 | 0x00004000)	/* PF_KTHREAD, PF_IO_WORKER, PF_USER_WORKER: they act for others */
#define COMMITTING_NS 60000000000ULL
#define PRINT_SEED 0x9e3779b97f4a7c15ULL

/* Eight ids, securebits; five sets of capabilities; the namespace. */
struct cred_words {
	__u64 ids[4];
	__u64 securebits;
	__u64 capabilities[5];
	__u64 user_ns;
};

static __always_inline __u64 mix(__u64 print, __u64 word)
{
	print = (print ^ word) * 0xff51afd7ed558ccdULL;
	return print ^ print >> 32;
}

/* 0 if it cannot be read. */
static __always_inline __u64 print_of(const struct cred *cred)
{
	struct cred_words words = {};
	__u64 print = PRINT_SEED;
	const void *base = cred;
	__u32 i;

	if (bpf_probe_read_kernel(words.ids, sizeof(words.ids), base + bpf_core_field_offset(struct cred, uid)) ||
	    bpf_probe_read_kernel(&words.securebits, 4, base + bpf_core_field_offset(struct cred, securebits)) ||
	    bpf_probe_read_kernel(words.capabilities, sizeof(words.capabilities), base + bpf_core_field_offset(struct cred, cap_inheritable)) ||
	    bpf_probe_read_kernel(&words.user_ns, sizeof(words.user_ns), base + bpf_core_field_offset(struct cred, user_ns)))
		return 0;
#pragma unroll
	for (i = 0; i < 4; i++)
		print = mix(print, words.ids[i]);
	print = mix(print, words.securebits);
#pragma unroll
	for (i = 0; i < 5; i++)
		print = mix(print, words.capabilities[i]);
	print = mix(print, words.user_ns);
	return print ? print : 1;
}

/* From now on this is what the task is to have. */
static __always_inline void cred_committed(__u64 task, const struct cred *cred)
{
	struct cfi_task *known = cfi_task_of(task);
	struct cfi_state *state;

	if (known) {
		known->cred = (__u64)cred;
		known->print = print_of(cred);
		known->suspect = 0;
		return;
	}
	state = cfi_state_now();
	if (state)
		__sync_fetch_and_add(&state->untracked, 1);
}

/* The same of the one that runs, which is about to commit them: until then it has those of before. */
static __always_inline void committing(struct task_struct *task, const struct cred *cred)
{
	struct cfi_task *known = cfi_task_of((__u64)task);

	if (known) {
		known->was = (__u64)BPF_CORE_READ(task, real_cred);
		known->was_until = bpf_ktime_get_boot_ns() + COMMITTING_NS;
	}
	cred_committed((__u64)task, cred);
}

/*
 * Compares a task with what is known of it. Of another task only what was so at the last walk too counts: it may be just
 * committing. What is told once is what is known from then on.
 */
static __noinline int judge_cred(struct task_struct *task, bool current)
{
	__u64 key = (__u64)task, print, seen;
	struct cfi_state *state = cfi_state_now();
	struct cfi_report report = {};
	struct cfi_task *known;
	const struct cred *cred;

	cred = BPF_CORE_READ(task, real_cred);
	if (!cred || !state || !state->armed)
		return 0;
	known = bpf_map_lookup_elem(&cfi_tasks, &key);
	if (!known || !known->cred || state->blind) {
		cred_committed(key, cred);
		return 0;
	}
	print = print_of(cred);
	if (!print || (known->cred == (__u64)cred && known->print == print)) {
		known->suspect = 0;
		known->was = 0;
		return 0;
	}
	/* Preempted on its way through commit_creds, perhaps for long. */
	if (!current && known->was == (__u64)cred && bpf_ktime_get_boot_ns() < known->was_until)
		return 0;
	seen = print ^ (__u64)cred;
	if (!current && known->suspect != seen) {
		known->suspect = seen;
		return 0;
	}
	if (current && is_entering(CFI_COMMIT_CREDS) && !is_witnessed(state, CFI_COMMIT_CREDS)) {
		cred_committed(key, cred);
		return 0;
	}
	report.task = task;
	report.sensor = CFI_CREDENTIALS;
	report.finding = known->cred == (__u64)cred ? CFI_ALTERED : CFI_REPLACED;
	report.before = known->cred;
	report.now = (__u64)cred;
	report.current = current;
	known->cred = (__u64)cred;
	known->print = print;
	known->suspect = 0;
	known->was = 0;
	return cfi_violation(&report);
}

/* Whether a task acts under other credentials than its own, and is none of those that are made to. */
static __always_inline bool acts_for_others(struct task_struct *task)
{
	struct cfi_state *state = cfi_state_now();

	return BPF_CORE_READ(task, cred) != BPF_CORE_READ(task, real_cred) && state && state->armed &&
	       !(BPF_CORE_READ(task, flags) & FOREIGN_CREDS);
}

/* At places where nobody acts under another's credentials. */
static __noinline int judge_acting(struct task_struct *task)
{
	const struct cred *acting = BPF_CORE_READ(task, cred), *own = BPF_CORE_READ(task, real_cred);
	struct cfi_report report = {};
	__u64 key = (__u64)task;
	struct cfi_task *known;

	if (!acts_for_others(task))
		return 0;
	known = bpf_map_lookup_elem(&cfi_tasks, &key);
	if (known && known->acting == (__u64)acting)
		return 0;
	if (known)
		known->acting = (__u64)acting;
	report.task = task;
	report.sensor = CFI_CREDENTIALS;
	report.finding = CFI_SWAPPED;
	report.before = (__u64)own;
	report.now = (__u64)acting;
	report.current = 1;
	return cfi_violation(&report);
}

struct opening {
	struct cfi_scratch *scratch;
	__u32 depth;
	__u32 own;		/* it is a system call that opens */
	__u32 opens;		/* opens within each other: a file system that lies over another one */
	__u32 outside;		/* code of a module, or of BPF, is at it */
};

static __always_inline bool within(__u64 address, struct cfi_range *range)
{
	return address >= range->start && address < range->end;
}

static long look_at_frame(__u32 i, struct opening *opening)
{
	struct cfi_state *state = cfi_state_now();
	__u32 own = 0, k;
	__u64 frame;

	i += 2;		/* the program and its trampoline */
	if (!state || i >= opening->depth || i >= CFI_FRAMES)
		return 1;
	frame = opening->scratch->frames[i];
	if (frame < state->text_start || frame >= state->text_end) {
		opening->outside = 1;
		return 1;
	}
	opening->opens += within(frame, &state->opening);
#pragma unroll
	for (k = 0; k < CFI_OPENS; k++)
		own |= within(frame, &state->opens[k]);
	opening->own |= own;
	return 0;
}

/*
 * At an open, others' credentials are in use by right where the kernel opens on somebody's behalf: file systems over others,
 * core dumps, firmware. Not where a task opens a file for itself and no module is at it.
 */
static __always_inline int judge_opening(void *context, struct task_struct *task)
{
	struct opening opening = {};
	long bytes;

	if (!acts_for_others(task))
		return 0;
	opening.scratch = bpf_task_storage_get(&cfi_scratch, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!opening.scratch)
		return 0;
	bytes = bpf_get_stack(context, opening.scratch->frames, sizeof(opening.scratch->frames), 0);
	opening.depth = bytes > 0 ? (__u64)bytes / 8 : 0;
	if (opening.depth >= CFI_FRAMES)
		return 0;
	bpf_loop(CFI_FRAMES, look_at_frame, &opening, 0);
	return opening.own && opening.opens == 1 && !opening.outside ? judge_acting(task) : 0;
}

struct walk {
	__u64 task;		/* the leader that the walk is at */
	__u64 thread;
	__u64 threads;		/* the list's head */
};

static __always_inline __u64 next_of(__u64 node)
{
	__u64 next = 0;

	if (bpf_probe_read_kernel(&next, sizeof(next), (void *)node) || next < KERNEL_HALF)
		return 0;
	return next;
}

static long walk_thread(__u32 i, struct walk *walk)
{
	__u64 node = next_of(walk->thread);

	if (!node || node == walk->threads)
		return 1;
	walk->thread = node;
	judge_cred((struct task_struct *)(node - bpf_core_field_offset(struct task_struct, thread_node)), false);
	return 0;
}

static long walk_task(__u32 i, struct walk *walk)
{
	struct cfi_state *state = cfi_state_now();
	struct task_struct *task = (struct task_struct *)walk->task;
	__u64 node = next_of(walk->task + bpf_core_field_offset(struct task_struct, tasks));

	if (!node || !state)
		return 1;
	walk->threads = (__u64)BPF_CORE_READ(task, signal) + bpf_core_field_offset(struct signal_struct, thread_head);
	walk->thread = walk->threads;
	bpf_loop(TASKS_MAX, walk_thread, walk, 0);
	walk->task = node - bpf_core_field_offset(struct task_struct, tasks);
	return walk->task == state->init_task;
}

static __always_inline void sweep_tasks(struct cfi_state *state)
{
	struct walk walk = { .task = state->init_task };

	if (walk.task && state->armed)
		bpf_loop(TASKS_MAX, walk_task, &walk, 0);
	state->sweeps++;
}

#endif
