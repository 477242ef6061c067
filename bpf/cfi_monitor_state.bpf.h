/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Maps of cfi-monitor, and how it tells and acts. */
#ifndef CFI_MONITOR_STATE_BPF_H
#define CFI_MONITOR_STATE_BPF_H

#include "garrison.bpf.h"
#include "kernel_symbol.bpf.h"
#include "cfi_monitor.h"

_Static_assert(CFI_SYMBOL == KERNEL_SYMBOL, "events hold what kernel_symbol_words() writes");

#define CFI_TASKS 65536
#define SIGKILL 9

/* Of cfi_state.switches. */
#define SWITCH_FTRACE 0
#define SWITCH_KPROBES 1

_Static_assert(CFI_SENSORS <= CFI_TOKENS, "each sensor has a token");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cfi_state);
} cfi_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CFI_SENSORS);
	__type(key, __u32);
	__type(value, struct cfi_rule);
} cfi_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct cfi_site);
	__type(value, __u32);
} cfi_sites SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct cfi_executable);
	__type(value, __u32);
} cfi_exempt SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CFI_TASKS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct cfi_task);
} cfi_tasks SEC(".maps");

/* What is going on: the one that did it, and what. */
struct cfi_report {
	struct task_struct *task;
	__u64 address;
	__u64 stack_pointer;
	__u64 before;
	__u64 now;
	__u32 sensor;
	__u32 finding;
	__u32 number;
	__u32 current;		/* 1: task is the one that runs */
	__u32 killed;
};

static const struct cfi_task cfi_unknown_task;

static __always_inline struct cfi_state *cfi_state_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cfi_state, &zero);
}

static __always_inline struct cfi_rule *cfi_rule_of(__u32 sensor)
{
	return bpf_map_lookup_elem(&cfi_rules, &sensor);
}

/* What is known of a task, by its address; room is made for it. NULL if there is none. */
static __noinline struct cfi_task *cfi_task_of(__u64 task)
{
	struct cfi_task *known = bpf_map_lookup_elem(&cfi_tasks, &task);

	if (known)
		return known;
	bpf_map_update_elem(&cfi_tasks, &task, &cfi_unknown_task, BPF_NOEXIST);
	return bpf_map_lookup_elem(&cfi_tasks, &task);
}

/* The file that a task runs; 0 for a kernel thread. */
static __always_inline void cfi_executable_of(struct task_struct *task, struct cfi_executable *out)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct inode *inode;

	out->inode = 0;
	out->device = 0;
	if (!mm)
		return;
	inode = BPF_CORE_READ(mm, exe_file, f_inode);
	if (!inode)
		return;
	out->inode = BPF_CORE_READ(inode, i_ino);
	out->device = BPF_CORE_READ(inode, i_sb, s_dev);
}

static __always_inline void cfi_fill(struct cfi_event *event, struct cfi_report *report, struct cfi_executable *executable, __u32 action)
{
	struct task_struct *task = report->task;	/* read once: CO-RE knows the kernel's types, not ours */
	const struct cred *cred = BPF_CORE_READ(task, real_cred);
	__u64 address = report->address;

	event->address = address;
	event->stack_pointer = report->stack_pointer;
	event->before = report->before;
	event->now = report->now;
	event->cgroup = report->current ? bpf_get_current_cgroup_id() : 0;
	event->exe_inode = executable->inode;
	event->exe_device = executable->device;
	event->sensor = report->sensor;
	event->finding = report->finding;
	event->action = action;
	event->number = report->number;
	event->tgid = BPF_CORE_READ(task, tgid);
	event->pid = BPF_CORE_READ(task, pid);
	event->uid = BPF_CORE_READ(cred, uid.val);
	event->euid = BPF_CORE_READ(cred, euid.val);
	BPF_CORE_READ_INTO(&event->comm, task, comm);
	event->symbol[0] = 0;
	if (address)
		kernel_symbol_words(event->symbol, address);
}

/*
 * Tells a finding and does what its rule says: 1 if the task is to be stopped. An executable that is exempt is not told either.
 * Signals reach only the one that runs; another one gets it at the next hook that it passes.
 */
static __noinline int cfi_violation(struct cfi_report *report)
{
	struct cfi_executable executable = {};
	struct cfi_task *known;
	struct cfi_event *event;
	struct cfi_rule *rule;
	__u32 action;

	if (!report)
		return 0;
	rule = cfi_rule_of(report->sensor);
	if (!rule || !rule->watched)
		return 0;
	cfi_executable_of(report->task, &executable);
	if (executable.inode && bpf_map_lookup_elem(&cfi_exempt, &executable))
		return 0;
	action = garrison_enforcing() ? rule->action : CFI_LOG;
	if (action != CFI_LOG) {
		known = cfi_task_of((__u64)report->task);
		if (known) {
			known->action = action;
			known->blocked = 1;
		}
	}
	event = garrison_reserve_for(sizeof(*event), CFI_VIOLATION, action != CFI_LOG);
	if (event) {
		cfi_fill(event, report, &executable, action);
		bpf_ringbuf_submit(event, 0);
	}
	return action != CFI_LOG;
}

#endif
