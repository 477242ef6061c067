// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Nothing alters the running kernel unseen.
 *
 *	table_clock, table_timer	compare kernel memory and lists with what they were, twice a second: the system call
 *					table, its dispatcher, the first bytes of handlers, parameters, operations; modules, tracers
 *	table_find, _describe, _lock,	run by Java: look symbols up, put addresses into words, make the first reading, begin
 *	_start
 *	lsm/bpf, bpf_prog, bpf_map,	every bpf() command: what it makes or takes, the helpers of a program, its result
 *	bpf_link_settle, bpf_check, __sys_bpf
 *	lsm/kernel_*, tp module_*	modules: file, hash, load, unload
 *	*_kprobe*, uprobe_*		probes by whatever way: perf, tracefs, modules
 *	ptrace_*, arch_ptrace		one process at another's throat
 *	socket_setsockopt		socket filters
 *	cgroup/sysctl			kernel parameters, with the old and the new value
 *
 * Nothing sits on every system call. Programs that read kernel memory by address are optional: lockdown=confidentiality
 * refuses them.
 */
#include "syscall_table_lists.bpf.h"

GARRISON_LICENSE;

#define CLOCK_MONOTONIC 1
#define SOON_NS 20000000
#define SYMBOLS 1024
#define ELEMENT_COMMANDS (1u << BPF_MAP_LOOKUP_ELEM | 1u << BPF_MAP_UPDATE_ELEM | 1u << BPF_MAP_DELETE_ELEM | 1u << BPF_MAP_GET_NEXT_KEY | \
			  1u << BPF_MAP_LOOKUP_AND_DELETE_ELEM | 1u << BPF_MAP_LOOKUP_BATCH | 1u << BPF_MAP_LOOKUP_AND_DELETE_BATCH | \
			  1u << BPF_MAP_UPDATE_BATCH | 1u << BPF_MAP_DELETE_BATCH | 1u << BPF_OBJ_GET_INFO_BY_FD)

const volatile __u32 own_process = 0;

/* For their types, which Java reads: structs that only local pointers name are left out. */
struct syscall_table_memory_event *unused_memory_event __attribute__((unused));
struct syscall_table_alteration_event *unused_alteration_event __attribute__((unused));

struct syscall_table_timer {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct syscall_table_timer);
} table_timer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SYMBOLS);
	__type(key, __u32);
	__type(value, struct garrison_symbol);
} table_symbols SEC(".maps");

static int table_timer_rings(void *map, __u32 *key, struct syscall_table_timer *value)
{
	struct syscall_table_state *state = table_state_now();
	struct garrison_control *control = garrison_control_now();

	if (!state || (control && control->retired))
		return 0;
	state->by_timer++;
	state->soon = 0;
	check_everything(state);
	bpf_timer_start(&value->timer, state->again || state->soon ? SOON_NS : state->period_ns, 0);
	return 0;
}

/* At once, after something that may have been the beginning of an attack: a module's code runs a moment after its load. */
static __always_inline void check_soon(void)
{
	struct syscall_table_state *state = table_state_now();
	struct syscall_table_timer *value;
	__u32 zero = 0;

	/* Else whoever calls often enough would put the look off for ever. */
	if (!state || state->soon)
		return;
	value = bpf_map_lookup_elem(&table_timer, &zero);
	if (value && !bpf_timer_start(&value->timer, SOON_NS, 0))
		state->soon = 1;
}

/* A clock of CPU time: it does not depend on timers, but rests on an idle CPU. */
SEC("?perf_event")
int table_clock(void *context)
{
	struct syscall_table_state *state = table_state_now();

	if (state && bpf_ktime_get_ns() - state->last_ns >= state->period_ns)
		check_everything(state);
	return 0;
}

static long find_symbol(__u32 i, void *context)
{
	return kernel_symbol_find(bpf_map_lookup_elem(&table_symbols, &i));
}

/* Addresses of the names in table_symbols, up to the first empty one; 0: the kernel has none. Does not depend on kptr_restrict. */
SEC("?syscall")
int table_find(void *context)
{
	bpf_loop(SYMBOLS, find_symbol, NULL, 0);
	return 0;
}

static long describe_address(__u32 i, void *context)
{
	return kernel_symbol_describe(bpf_map_lookup_elem(&table_symbols, &i));
}

/* Names of the addresses in table_symbols, up to the first 0: NAME+0xOFFSET/0xSIZE [MODULE]. */
SEC("?syscall")
int table_describe(void *context)
{
	bpf_loop(SYMBOLS, describe_address, NULL, 0);
	return 0;
}

static long read_word(__u32 i, __u64 *base)
{
	struct garrison_symbol *symbol = bpf_map_lookup_elem(&table_symbols, &i);

	if (!symbol || !symbol->name[0])
		return 1;
	if (bpf_probe_read_kernel(&symbol->address, sizeof(symbol->address), (void *)(*base + i * 8)))
		symbol->address = 0;
	return 0;
}

/* The words at the address that the context holds, as many as table_symbols has names, into its addresses. */
SEC("?syscall")
int table_read(__u64 *context)
{
	__u64 base = *context;

	bpf_loop(SYMBOLS, read_word, &base, 0);
	return 0;
}

SEC("?syscall")
int table_lock(void *context)
{
	struct syscall_table_state *state = table_state_now();

	if (!state)
		return 1;
	bpf_loop(state->regions, lock_region, NULL, 0);
	state->locked = 1;
	return 0;
}

/* The context: the period in nanoseconds. */
SEC("?syscall")
int table_start(__u64 *context)
{
	struct syscall_table_state *state = table_state_now();
	struct syscall_table_timer *value;
	__u32 zero = 0;

	value = bpf_map_lookup_elem(&table_timer, &zero);
	if (!value || !state)
		return 1;
	state->period_ns = *context;
	/* It may be initialised already, by an earlier run: its callback then becomes this program's. */
	bpf_timer_init(&value->timer, &table_timer, CLOCK_MONOTONIC);
	if (bpf_timer_set_callback(&value->timer, table_timer_rings))
		return 2;
	return bpf_timer_start(&value->timer, 0, 0) ? 3 : 0;
}

#include "syscall_table_acts.bpf.h"
