/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The kernel's lists, walked at each check. A module that takes itself off the list of modules is still known from its load,
 * or from its object in sysfs; ftrace's own functions cannot be traced, but what they register is on a list.
 */
#ifndef SYSCALL_TABLE_LISTS_BPF_H
#define SYSCALL_TABLE_LISTS_BPF_H

#include "syscall_table_alteration.bpf.h"

#define MISSED_OFTEN_ENOUGH 2	/* a module that is just being removed is missed once */

struct walk {
	__u64 head;
	__u64 at;
	__u64 round;
	__u32 first_round;
};

static __always_inline bool module_lives(__u64 module, const char *name)
{
	char now[sizeof(((struct module *)0)->name)];
	__u32 state = 1, i;

	if (bpf_core_read(&state, sizeof(state), &((struct module *)module)->state) || state != MODULE_STATE_LIVE)
		return false;
	if (!name)
		return true;
	if (bpf_core_read_str(now, sizeof(now), &((struct module *)module)->name) <= 0)
		return false;
	for (i = 0; i < sizeof(now); i++) {
		if (now[i] != name[i])
			return false;
		if (!now[i])
			break;
	}
	return true;
}

/* Met on the list, or, with round 0, elsewhere. */
static __always_inline void meet_module(__u64 module, __u64 round)
{
	struct syscall_table_listed *known = bpf_map_lookup_elem(&table_modules, &module), fresh = {};

	if (known) {
		if (round)
			known->round = round;
		return;
	}
	if (!module_lives(module, NULL))
		return;
	fresh.round = round;
	bpf_core_read_str(fresh.name, sizeof(fresh.name), &((struct module *)module)->name);
	bpf_map_update_elem(&table_modules, &module, &fresh, BPF_NOEXIST);
}

static long walk_module(__u32 i, struct walk *w)
{
	__u64 at = w->at;

	if (!at || at == w->head)
		return 1;
	meet_module(at - bpf_core_field_offset(struct module, list), w->round);
	if (bpf_probe_read_kernel(&at, sizeof(at), (void *)at))
		at = 0;
	w->at = at;
	return 0;
}

/* Objects of built-in modules have no module. */
static long walk_object(__u32 i, struct walk *w)
{
	__u64 at = w->at, object, module = 0;

	if (!at || at == w->head)
		return 1;
	object = at - bpf_core_field_offset(struct kobject, entry) - bpf_core_field_offset(struct module_kobject, kobj);
	bpf_core_read(&module, sizeof(module), &((struct module_kobject *)object)->mod);
	if (module)
		meet_module(module, 0);
	if (bpf_probe_read_kernel(&at, sizeof(at), (void *)at))
		at = 0;
	w->at = at;
	return 0;
}

static __always_inline void tell_module(__u32 action, __u64 module, struct syscall_table_listed *known)
{
	struct syscall_table_alteration_event *event = begin_alteration(action);

	if (!event)
		return;
	event->address = module;
	__builtin_memcpy(event->name, known->name, sizeof(known->name));
	known->told = action == SYSCALL_TABLE_MODULE_HIDDEN;
	bpf_ringbuf_submit(event, 0);
}

static long look_at_module(struct bpf_map *map, __u64 *key, struct syscall_table_listed *known, struct walk *w)
{
	struct syscall_table_state *state = table_state_now();
	__u64 module = *key;

	if (known->round == w->round) {
		known->missed = 0;
		if (known->told)
			tell_module(SYSCALL_TABLE_MODULE_SHOWN, module, known);
		return 0;
	}
	if (!module_lives(module, known->name)) {
		bpf_map_delete_elem(&table_modules, &module);
		return 0;
	}
	if (known->told)
		return 0;
	if (++known->missed >= MISSED_OFTEN_ENOUGH)
		tell_module(SYSCALL_TABLE_MODULE_HIDDEN, module, known);
	else if (state)
		state->again = 1;
	return 0;
}

static __always_inline void check_modules(struct syscall_table_state *state)
{
	struct walk w = { .round = state->round };

	if (!state->modules)
		return;
	w.head = state->modules;
	if (bpf_probe_read_kernel(&w.at, sizeof(w.at), (void *)w.head))
		return;
	bpf_loop(MODULES_MAX, walk_module, &w, 0);
	if (!w.at)
		return;
	if (state->module_set) {
		w.head = state->module_set + bpf_core_field_offset(struct kset, list);
		if (!bpf_probe_read_kernel(&w.at, sizeof(w.at), (void *)w.head))
			bpf_loop(MODULES_MAX, walk_object, &w, 0);
	}
	bpf_for_each_map_elem(&table_modules, look_at_module, &w, 0);
}

static __always_inline bool tell_tracer(__u32 action, __u64 ops, __u64 handler, struct syscall_table_listed *known)
{
	struct syscall_table_alteration_event *event = begin_alteration(action);

	if (!event)
		return false;
	event->address = ops;
	if (handler)
		kernel_symbol_words(event->owner, handler);
	bpf_ringbuf_submit(event, 0);
	return true;
}

static long walk_tracer(__u32 i, struct walk *w)
{
	struct syscall_table_listed *known, fresh = {};
	__u64 at = w->at, handler = 0;

	if (!at || at == w->head)
		return 1;
	known = bpf_map_lookup_elem(&table_tracers, &at);
	if (known) {
		known->round = w->round;
	} else {
		bpf_core_read(&handler, sizeof(handler), &((struct ftrace_ops *)at)->func);
		fresh.round = w->round;
		if (w->first_round || tell_tracer(SYSCALL_TABLE_FTRACE_REGISTER, at, handler, &fresh))
			bpf_map_update_elem(&table_tracers, &at, &fresh, BPF_NOEXIST);
	}
	if (bpf_core_read(&at, sizeof(at), &((struct ftrace_ops *)at)->next))
		at = 0;
	w->at = at;
	return 0;
}

static long look_at_tracer(struct bpf_map *map, __u64 *key, struct syscall_table_listed *known, struct walk *w)
{
	__u64 ops = *key;

	if (known->round != w->round && tell_tracer(SYSCALL_TABLE_FTRACE_UNREGISTER, ops, 0, known))
		bpf_map_delete_elem(&table_tracers, &ops);
	return 0;
}

static __always_inline void check_tracers(struct syscall_table_state *state)
{
	struct walk w = { .round = state->round, .first_round = state->round == 1 };

	if (!state->tracers || bpf_probe_read_kernel(&w.at, sizeof(w.at), (void *)state->tracers))
		return;
	w.head = state->tracers_end;
	bpf_loop(TRACERS_MAX, walk_tracer, &w, 0);
	if (w.at)
		bpf_for_each_map_elem(&table_tracers, look_at_tracer, &w, 0);
}

/* All checks, if nobody else is at it. */
static __always_inline void check_everything(struct syscall_table_state *state)
{
	struct garrison_control *control = garrison_control_now();
	__u64 begin, took;

	if (!state->locked || (control && control->retired))
		return;
	if (__sync_val_compare_and_swap(&state->busy, 0, 1))
		return;
	begin = bpf_ktime_get_ns();
	state->last_ns = begin;
	state->again = 0;
	state->unsettled = (state->unsettled & 1) << 1;
	state->round++;
	bpf_loop(state->regions, check_region, NULL, 0);
	check_modules(state);
	check_tracers(state);
	state->checks++;
	took = bpf_ktime_get_ns() - begin;
	state->total_ns += took;
	if (took > state->longest_ns)
		state->longest_ns = took;
	__sync_val_compare_and_swap(&state->busy, 1, 0);
}

#endif
