/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * At the entry of a sensitive function: does the stack belong to the task, does the call come from where a call is known, and
 * does the stack lead back to an entry of the kernel? Frame pointers are not asked: these kernels unwind by ORC, to which rbp is
 * a register like any other.
 */
#ifndef CFI_MONITOR_FLOW_BPF_H
#define CFI_MONITOR_FLOW_BPF_H

#include "cfi_monitor_state.bpf.h"

#define THREAD_SIZE 16384	/* x86-64 */
#define PROLOGUE 32		/* a trampoline is called within so many bytes of a function's start */
#define DOUBT_NS 2000000000ULL
#define ANY_LATER 0x7f		/* a token for each sensor behind an entry, also for one that comes while the task is on its way there */

/* Scratch of the task that is in a sensor. */
struct cfi_scratch {
	__u64 stack_pointer;
	__u64 frames[CFI_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cfi_scratch);
} cfi_scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CFI_SENSORS);
	__type(key, __u32);
	__type(value, struct cfi_later);
} cfi_later SEC(".maps");

/* How many of a function's entry sensors are under way on a CPU: while one is, the kernel skips it for others. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CFI_SENSORS);
	__type(key, __u32);
	__type(value, __s64);
} cfi_entering SEC(".maps");

/* Boot time up to which entries may have been passed unseen. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} cfi_doubt SEC(".maps");

static __always_inline void doubt_entries(void)
{
	__u32 zero = 0;
	__u64 *until = bpf_map_lookup_elem(&cfi_doubt, &zero);

	if (until)
		*until = bpf_ktime_get_boot_ns() + DOUBT_NS;
}

static __always_inline void entering(__u32 sensor, __s64 more)
{
	__s64 *count = bpf_map_lookup_elem(&cfi_entering, &sensor);

	if (count)
		__sync_fetch_and_add(count, more);
}

/* Whether one is under way here, in a task that was preempted: then the kernel leaves it out for all others on this CPU. */
static __always_inline bool is_entering(__u32 sensor)
{
	__s64 *count = bpf_map_lookup_elem(&cfi_entering, &sensor);

	return !count || *count > 0;
}

/* Whether a kprobe sits at the entry, too, whose handler nobody preempts: the kernel never leaves it out for others. */
static __always_inline bool is_witnessed(struct cfi_state *state, __u32 sensor)
{
	struct cfi_later *later = bpf_map_lookup_elem(&cfi_later, &sensor);
	__u8 disarmed = 0;

	if (!later || !later->witnessed)
		return false;
	if (state->switches[SWITCH_KPROBES])
		bpf_probe_read_kernel(&disarmed, sizeof(disarmed), (void *)state->switches[SWITCH_KPROBES]);
	return !disarmed;
}

/* Masked where the verifier sees it: before 7 it forgets a comparison that was made on another copy of the number. */
static __always_inline __u8 *token_of(struct cfi_task *known, __u64 sensor)
{
	asm volatile("%0 &= %1" : "+r"(sensor) : "i"(CFI_TOKENS - 1));
	return &known->tokens[sensor];
}

static __always_inline __u8 *note_of(struct cfi_task *known, __u64 sensor)
{
	asm volatile("%0 &= %1" : "+r"(sensor) : "i"(CFI_TOKENS - 1));
	return &known->noted[sensor];
}

/* A task comes through an entry: a token for the sensors behind it, if there are any. NULL where it finds no room. */
static __always_inline struct cfi_task *give_token(struct task_struct *task, __u32 sensor, __u32 judged)
{
	struct cfi_later *later = bpf_map_lookup_elem(&cfi_later, &sensor);
	struct cfi_task *known = cfi_task_of((__u64)task);

	if (!known)
		doubt_entries();
	else if (later)
		*token_of(known, sensor) = later->live ? ANY_LATER | judged : 0;
	return known;
}

struct entry_search {
	__u64 address;
	__u32 found;
};

static long search_entry(__u32 i, struct entry_search *search)
{
	struct cfi_state *state = cfi_state_now();

	if (!state || i >= CFI_ENTRIES || !state->entries[i].start)
		return 1;
	if (search->address < state->entries[i].start || search->address >= state->entries[i].end)
		return 0;
	search->found = 1;
	return 1;
}

static __always_inline bool is_entry(__u64 address)
{
	struct entry_search search = { .address = address };

	bpf_loop(CFI_ENTRIES, search_entry, &search, 0);
	return search.found;
}

/*
 * The return address of the call to the function. The frames above it are this program and its trampoline, and, unless the
 * function jumped there, the function itself.
 */
static __always_inline __u64 caller_of(struct cfi_scratch *scratch, __u64 function)
{
	if (scratch->frames[2] - function < PROLOGUE)
		return scratch->frames[3];
	return scratch->frames[2];
}

static __always_inline bool in_text(struct cfi_state *state, __u64 address)
{
	return address >= state->text_start && address < state->text_end;
}

static __always_inline struct cfi_site site_at(struct cfi_state *state, __u32 sensor, __u64 address)
{
	return (struct cfi_site){ .sensor = sensor, .place = in_text(state, address) ? address - state->text_start : address };
}

/* Whether a call of the function is known that returns there: else what that is. */
static __always_inline __u32 unknown_caller(struct cfi_state *state, __u32 sensor, __u64 caller)
{
	struct cfi_site site = site_at(state, sensor, caller);

	if (bpf_map_lookup_elem(&cfi_sites, &site))
		return 0;
	return in_text(state, caller) ? CFI_SITE : CFI_FOREIGN;
}

static __always_inline __u32 judge_caller(struct cfi_state *state, __u32 sensor, __u64 caller)
{
	__u32 finding = unknown_caller(state, sensor, caller), learnt = 2;
	struct cfi_site site;

	if (finding != CFI_SITE || !state->learning)
		return finding;
	site = site_at(state, sensor, caller);
	return bpf_map_update_elem(&cfi_sites, &site, &learnt, BPF_NOEXIST) ? 0 : CFI_LEARNT;
}

/* 1 if the task is to be killed. Inlined: each further frame would shift those that it looks at. */
static __always_inline int check_flow(void *context, __u32 sensor)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cfi_state *state = cfi_state_now();
	struct cfi_rule *rule = cfi_rule_of(sensor);
	struct cfi_report report = {};
	struct cfi_scratch *scratch;
	__u64 stack, pointer, last;
	long bytes;
	__u32 depth;

	if (!state || !rule || !rule->watched)
		return 0;
	scratch = bpf_task_storage_get(&cfi_scratch, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	give_token(task, sensor, scratch ? CFI_JUDGED : 0);
	if (!scratch)
		return 0;
	/* The context lies on the stack that the function was called with. As a number it is had by way of memory. */
	*(volatile __u64 *)&scratch->stack_pointer = (__u64)context;
	pointer = *(volatile __u64 *)&scratch->stack_pointer;
	stack = (__u64)BPF_CORE_READ(task, stack);
	report.task = task;
	report.sensor = sensor;
	report.current = 1;
	report.stack_pointer = pointer;
	bytes = bpf_get_stack(context, scratch->frames, sizeof(scratch->frames), 0);
	depth = bytes > 0 ? (__u64)bytes / 8 : 0;
	barrier_var(depth);
	report.address = depth > 3 ? caller_of(scratch, rule->address) : 0;
	if (pointer < stack || pointer >= stack + THREAD_SIZE) {
		report.finding = CFI_STACK;
		return cfi_violation(&report);
	}
	if (!report.address) {
		report.finding = CFI_ENTRY;
		return cfi_violation(&report);
	}
	report.finding = judge_caller(state, sensor, report.address);
	if (report.finding == CFI_LEARNT) {
		struct cfi_event *event = garrison_reserve(sizeof(*event), CFI_VIOLATION);
		struct cfi_executable executable;

		if (event) {
			cfi_executable_of(task, &executable);
			report.before = report.address - state->text_start;
			cfi_fill(event, &report, &executable, CFI_LOG);
			bpf_ringbuf_submit(event, 0);
		}
		return 0;
	}
	if (report.finding)
		return cfi_violation(&report);
	/* One that is deeper than this cannot be judged. */
	if (depth == 0 || depth >= CFI_FRAMES)
		return 0;
	last = scratch->frames[depth - 1];
	if (is_entry(last))
		return 0;
	report.finding = CFI_ENTRY;
	report.address = last;
	return cfi_violation(&report);
}

/* A signal to the one that runs, by the rule. */
static __always_inline void punish(__u32 sensor)
{
	struct cfi_rule *rule = cfi_rule_of(sensor);

	if (rule && rule->action == CFI_KILL)
		bpf_send_signal(SIGKILL);
}

#define SENSOR(section, function, number)				\
	SEC(section "/" #function)					\
	int cfi_##function(void *context)				\
	{								\
		entering(number, 1);					\
		if (check_flow(context, number))			\
			punish(number);					\
		entering(number, -1);					\
		return 0;						\
	}

#endif
