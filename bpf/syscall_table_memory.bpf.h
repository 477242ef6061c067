/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The checks: kernel memory compared word by word with what it was at the last look, the kernel's lists of modules and of
 * tracers with what was met on them. One check at a time on the whole machine; whoever comes second goes away again.
 */
#ifndef SYSCALL_TABLE_MEMORY_BPF_H
#define SYSCALL_TABLE_MEMORY_BPF_H

#include "garrison.bpf.h"
#include "kernel_symbol.bpf.h"
#include "syscall_table.h"

_Static_assert(SYSCALL_TABLE_SYMBOL == KERNEL_SYMBOL, "events hold what kernel_symbol_words() writes");

#define MODULES_MAX 1024
#define TRACERS_MAX 64
#define KERNEL_HALF 0xffff800000000000ULL
#define BRANCH_CALL 0xe8
#define BRANCH_JUMP 0xe9
#define BREAKPOINT 0xcc
#define SETTLED_NS 300000000ULL
#define FORGOTTEN_NS 2000000000ULL

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct syscall_table_state);
} table_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SYSCALL_TABLE_REGIONS);
	__type(key, __u32);
	__type(value, struct syscall_table_region);
} table_regions SEC(".maps");

/* The locked first reading: written once. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SYSCALL_TABLE_PAGES);
	__type(key, __u32);
	__type(value, struct syscall_table_page);
} table_first SEC(".maps");

/* What was last told, so that each change is told once. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SYSCALL_TABLE_PAGES);
	__type(key, __u32);
	__type(value, struct syscall_table_page);
} table_latest SEC(".maps");

/* The present reading, of whoever is busy. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct syscall_table_page);
} table_now SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MODULES_MAX);
	__type(key, __u64);
	__type(value, struct syscall_table_listed);
} table_modules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRACERS_MAX);
	__type(key, __u64);
	__type(value, struct syscall_table_listed);
} table_tracers SEC(".maps");

/* Since when a region looks as if the kernel were just patching it; by the region's number. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SYSCALL_TABLE_REGIONS);
	__type(key, __u32);
	__type(value, __u64);
} table_unsettled SEC(".maps");

static const char trampoline_format[] = "ftrace_trampoline calling %pS";

/* One region under comparison. */
struct comparison {
	struct syscall_table_region *region;
	struct syscall_table_state *state;
	struct syscall_table_page *first;
	struct syscall_table_page *latest;
	struct syscall_table_page *now;
	__u32 found;		/* the first word that differs; unless it is a table's, where each is told by itself */
	__u32 differs;
	__u32 altered;		/* words that are not as at the first reading */
	__u32 untold;		/* the ring was full, or it is too early to tell */
	__u32 patient;		/* code that is just being patched is left for later */
	__u32 unsettled;	/* it was */
	__u64 address;		/* of the byte that differs */
	__u64 leads_to;		/* what is there now; 0 if it is no pointer and no branch */
	char owner[SYSCALL_TABLE_SYMBOL];
};

static __always_inline struct syscall_table_state *table_state_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&table_state, &zero);
}

/* Where a branch leads whose distance begins in, or just before, the byte that differs; one out of the core text first. */
static __always_inline __u64 branch_target(struct syscall_table_state *state, __u64 address)
{
	__u64 within = 0;
	__u8 code[16] = {};
	__u32 i;

	if (bpf_probe_read_kernel(code, sizeof(code), (void *)(address - 4)))
		return 0;
#pragma unroll
	for (i = 0; i < 5; i++) {
		__u64 target;
		__s32 distance;

		if (code[i] != BRANCH_CALL && code[i] != BRANCH_JUMP)
			continue;
		distance = code[i + 1] | code[i + 2] << 8 | code[i + 3] << 16 | (__u32)code[i + 4] << 24;
		target = address - 4 + i + 5 + (__s64)distance;
		if (target < KERNEL_HALF)
			continue;
		if (target < state->text_start || target >= state->text_end)
			return target;
		within = target;
	}
	return within;
}

#define TRACERS_WALKED 64

struct trampoline_walk {
	__u64 at;
	__u64 end;
	__u64 target;
	__u64 handler;
};

static long find_trampoline(__u32 i, struct trampoline_walk *w)
{
	__u64 at = w->at, trampoline = 0, size = 0;

	if (!at || at == w->end)
		return 1;
	bpf_core_read(&trampoline, sizeof(trampoline), &((struct ftrace_ops *)at)->trampoline);
	bpf_core_read(&size, sizeof(size), &((struct ftrace_ops *)at)->trampoline_size);
	if (trampoline && w->target - trampoline < size) {
		bpf_core_read(&w->handler, sizeof(w->handler), &((struct ftrace_ops *)at)->func);
		return 1;
	}
	if (bpf_core_read(&at, sizeof(at), &((struct ftrace_ops *)at)->next))
		at = 0;
	w->at = at;
	return 0;
}

/* Whom a branch leads to. ftrace's trampolines have no symbol, but an owner on ftrace's list. */
static __always_inline void put_target(struct syscall_table_state *state, char *out, __u64 target)
{
	struct trampoline_walk w = { .target = target };

	if ((target < state->text_start || target >= state->text_end) && state->tracers &&
	    !bpf_probe_read_kernel(&w.at, sizeof(w.at), (void *)state->tracers)) {
		w.end = state->tracers_end;
		bpf_loop(TRACERS_WALKED, find_trampoline, &w, 0);
	}
	if (!w.handler)
		kernel_symbol_words(out, target);
	else if (bpf_snprintf(out, SYSCALL_TABLE_SYMBOL, trampoline_format, &w.handler, sizeof(w.handler)) < 0)
		out[0] = 0;
}

/* The number of the lowest byte that is not 0. */
static __always_inline __u32 lowest_byte(__u64 word)
{
	__u32 i;

#pragma unroll
	for (i = 0; i < 7; i++) {
		if (word & 0xff)
			return i;
		word >>= 8;
	}
	return 7;
}

/*
 * The kernel patches its text in steps: a breakpoint, the other bytes, the first one. And ftrace takes a tracer off its list before
 * it takes the calls of its trampoline out of the text: for a moment nobody owns them.
 */
static __always_inline bool just_patched(struct comparison *c, __u8 code)
{
	return code == BREAKPOINT || (c->leads_to && c->owner[0] == '0');
}

/* What the word that differs is, and leads to. False if it is too early to tell. */
static __always_inline bool judge_word(struct comparison *c, __u32 word, __u64 now, __u64 before)
{
	struct syscall_table_region *region = c->region;
	__u32 byte = 0;

	c->address = region->address + word * 8;
	c->leads_to = 0;
	c->owner[0] = 0;
	if (region->area == SYSCALL_TABLE_TABLE || region->area == SYSCALL_TABLE_OPERATIONS) {
		c->leads_to = now;
	} else if (region->area != SYSCALL_TABLE_PARAMETER) {
		byte = lowest_byte(now ^ before);
		c->address += byte;
		c->leads_to = branch_target(c->state, c->address);
	}
	if (c->leads_to)
		put_target(c->state, c->owner, c->leads_to);
	return !c->patient || !c->altered || !just_patched(c, now >> byte * 8);
}

static __noinline int tell_memory(struct comparison *c, __u32 word)
{
	struct syscall_table_memory_event *event;
	struct syscall_table_region *region;
	__u64 now, before, first;
	__u32 offset;

	if (!c)
		return 0;
	region = c->region;
	now = c->now->words[word & (SYSCALL_TABLE_PAGE_WORDS - 1)];
	offset = (region->offset + word) & (SYSCALL_TABLE_PAGE_WORDS - 1);
	before = c->latest->words[offset];
	first = c->first->words[offset];
	if (!judge_word(c, word, now, before)) {
		c->untold = c->unsettled = 1;
		return 0;
	}
	event = garrison_reserve(sizeof(*event), SYSCALL_TABLE_MEMORY);
	if (!event) {
		c->untold = 1;
		return 0;
	}
	__builtin_memset((char *)event + sizeof(event->header), 0, sizeof(*event) - sizeof(event->header));
	event->address = c->address;
	event->leads_to = c->leads_to;
	__builtin_memcpy(event->owner, c->owner, sizeof(event->owner));
	event->area = region->area;
	event->number = region->number;
	event->word = region->start + word;
	if (region->area == SYSCALL_TABLE_TABLE) {
		event->number = region->number + word;
		event->restored = now == first;
		__builtin_memcpy(event->first, &first, sizeof(first));
		__builtin_memcpy(event->before, &before, sizeof(before));
		__builtin_memcpy(event->now, &now, sizeof(now));
	} else {
		__u32 at = word & (SYSCALL_TABLE_PAGE_WORDS - 16) , room = (region->offset + at) & (SYSCALL_TABLE_PAGE_WORDS - 16);

		event->restored = c->altered == 0;
		if (region->words == SYSCALL_TABLE_SMALL) {
			__u32 small = region->offset & (SYSCALL_TABLE_PAGE_WORDS - SYSCALL_TABLE_SMALL);

			bpf_probe_read_kernel(event->first, SYSCALL_TABLE_SMALL * 8, &c->first->words[small]);
			bpf_probe_read_kernel(event->before, SYSCALL_TABLE_SMALL * 8, &c->latest->words[small]);
			bpf_probe_read_kernel(event->now, SYSCALL_TABLE_SMALL * 8, &c->now->words[0]);
		} else {
			bpf_probe_read_kernel(event->first, SYSCALL_TABLE_BYTES, &c->first->words[room]);
			bpf_probe_read_kernel(event->before, SYSCALL_TABLE_BYTES, &c->latest->words[room]);
			bpf_probe_read_kernel(event->now, SYSCALL_TABLE_BYTES, &c->now->words[at]);
		}
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

static __always_inline void compare_word(struct comparison *c, __u32 in, __u32 at, __u64 now, __u64 latest)
{
	if (now == latest)
		return;
	if (c->region->area == SYSCALL_TABLE_TABLE) {
		c->untold = 0;
		tell_memory(c, in);
		if (!c->untold)
			c->latest->words[at & (SYSCALL_TABLE_PAGE_WORDS - 1)] = now;
	} else if (!c->differs) {
		c->found = in;
	}
	c->differs = 1;
}

/* Four words at a time: that is what the loop itself costs. */
static long compare_words(__u32 i, struct comparison *c)
{
	__u32 in = (i * SYSCALL_TABLE_SMALL) & (SYSCALL_TABLE_PAGE_WORDS - SYSCALL_TABLE_SMALL);
	__u32 at = (c->region->offset + in) & (SYSCALL_TABLE_PAGE_WORDS - SYSCALL_TABLE_SMALL);
	__u64 *now = &c->now->words[in], *latest = &c->latest->words[at];

	if (!((now[0] ^ latest[0]) | (now[1] ^ latest[1]) | (now[2] ^ latest[2]) | (now[3] ^ latest[3])))
		return 0;
	compare_word(c, in, at, now[0], latest[0]);
	compare_word(c, in + 1, at + 1, now[1], latest[1]);
	compare_word(c, in + 2, at + 2, now[2], latest[2]);
	compare_word(c, in + 3, at + 3, now[3], latest[3]);
	return 0;
}

static long count_altered(__u32 i, struct comparison *c)
{
	__u32 in = i & (SYSCALL_TABLE_PAGE_WORDS - 1), at = (c->region->offset + in) & (SYSCALL_TABLE_PAGE_WORDS - 1);

	c->altered += c->now->words[in] != c->first->words[at];
	return 0;
}

static __always_inline void settle(struct comparison *c, __u32 bytes)
{
	if (c->region->words == SYSCALL_TABLE_SMALL)
		bpf_probe_read_kernel(&c->latest->words[c->region->offset & (SYSCALL_TABLE_PAGE_WORDS - SYSCALL_TABLE_SMALL)],
				      SYSCALL_TABLE_SMALL * 8, c->now->words);
	else
		bpf_probe_read_kernel(c->latest->words, bytes, c->now->words);
}

/* Code that is just being patched is looked at again soon, and told if it stays so. */
static __always_inline void tell_code(struct comparison *c, __u32 i)
{
	__u64 *since = bpf_map_lookup_elem(&table_unsettled, &i), now = bpf_ktime_get_ns();

	if (!since)
		return;
	if (now - *since > FORGOTTEN_NS)
		*since = now;
	c->patient = now - *since < SETTLED_NS;
	tell_memory(c, c->found);
	if (c->unsettled) {
		c->state->unsettled |= 1;
		c->state->again = 1;
	} else {
		*since = 0;
	}
}

static __always_inline void forget_unsettled(struct syscall_table_state *state, __u32 i)
{
	__u64 *since;

	if (!state->unsettled)
		return;
	since = bpf_map_lookup_elem(&table_unsettled, &i);
	if (since)
		*since = 0;
}

static long check_region(__u32 i, void *context)
{
	struct syscall_table_state *state = table_state_now();
	struct comparison c = {};
	__u32 zero = 0, page, bytes;

	c.region = bpf_map_lookup_elem(&table_regions, &i);
	c.now = bpf_map_lookup_elem(&table_now, &zero);
	if (!c.region || !state || !c.now)
		return 1;
	page = c.region->page;
	c.state = state;
	c.first = bpf_map_lookup_elem(&table_first, &page);
	c.latest = bpf_map_lookup_elem(&table_latest, &page);
	bytes = c.region->words * 8;
	if (!c.first || !c.latest || bytes > sizeof(*c.now))
		return 1;
	if (bpf_probe_read_kernel(c.now->words, bytes, (void *)c.region->address)) {
		state->unreadable++;
		return 0;
	}
	bpf_loop(bytes / (SYSCALL_TABLE_SMALL * 8), compare_words, &c, 0);
	if (!c.differs)
		forget_unsettled(state, i);
	if (!c.differs || c.region->area == SYSCALL_TABLE_TABLE)
		return 0;
	bpf_loop(bytes / 8, count_altered, &c, 0);
	c.untold = 0;
	if (c.region->area == SYSCALL_TABLE_HANDLER || c.region->area == SYSCALL_TABLE_CODE)
		tell_code(&c, i);
	else
		tell_memory(&c, c.found);
	if (!c.untold)
		settle(&c, bytes);
	return 0;
}

/* Makes the first reading of one region. */
static long lock_region(__u32 i, void *context)
{
	struct syscall_table_region *region = bpf_map_lookup_elem(&table_regions, &i);
	struct syscall_table_page *first, *latest;
	__u32 page, bytes, offset;

	if (!region)
		return 1;
	page = region->page;
	first = bpf_map_lookup_elem(&table_first, &page);
	latest = bpf_map_lookup_elem(&table_latest, &page);
	bytes = region->words * 8;
	if (!first || !latest || bytes > sizeof(*first))
		return 1;
	if (region->words == SYSCALL_TABLE_SMALL) {
		offset = region->offset & (SYSCALL_TABLE_PAGE_WORDS - SYSCALL_TABLE_SMALL);
		bpf_probe_read_kernel(&first->words[offset], SYSCALL_TABLE_SMALL * 8, (void *)region->address);
		bpf_probe_read_kernel(&latest->words[offset], SYSCALL_TABLE_SMALL * 8, &first->words[offset]);
	} else {
		bpf_probe_read_kernel(first->words, bytes, (void *)region->address);
		bpf_probe_read_kernel(latest->words, bytes, first->words);
	}
	return 0;
}

#endif
