// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * For the framework's own tests: programs that any kernel lets a test run by hand, so that loader, ring and dispatch are
 * tried natively. No product contains it.
 *
 *	test_emit	writes order.count records of order.type
 *	test_second	loaded only on demand
 */
#include "garrison.bpf.h"
#include "test_ring.h"

GARRISON_LICENSE;

/* Structs that only local pointers name would be missing from the object's BTF. */
struct test_fixed *unused_fixed __attribute__((unused));
struct test_text *unused_text __attribute__((unused));
struct test_large *unused_large __attribute__((unused));

const volatile __u32 test_knob = 1;

static long emit_fixed(__u64 index, struct test_order *order)
{
	struct test_fixed *record = garrison_reserve(sizeof(*record), TEST_FIXED);

	if (!record)
		return 0;
	record->sequence = order->first + index;
	record->knob = test_knob;
	record->minus_five = -5;
	record->small = 0xfffe;
	record->tiny = 0x80;
	record->plain_enum = TEST_LARGE;
	__builtin_memcpy(record->name, "ring\0garbage", 12);
	__builtin_memcpy(record->raw_bytes, "\1\2\3\4\5\6\7\10", 8);
	record->inner.left = 0xdeadbeef;
	record->inner.right_side = -1;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

static long emit_text(__u64 index, struct test_order *order)
{
	struct test_text *record = garrison_reserve(sizeof(*record) + 16, TEST_TEXT);

	if (!record)
		return 0;
	record->sequence = order->first + index;
	__builtin_memcpy(record->text, "flexible \303\244 end", 16);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

static long emit_large(__u64 index, struct test_order *order)
{
	struct test_large *record = garrison_reserve(sizeof(*record), TEST_LARGE);

	if (!record)
		return 0;
	record->sequence = order->first + index;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

static long emit_unbound(__u64 index, struct test_order *order)
{
	struct garrison_event *record = garrison_reserve(sizeof(*record), TEST_UNBOUND);

	if (record)
		bpf_ringbuf_submit(record, 0);
	return 0;
}

/* A reserved record that is given back: takes room, is no event, and counts on neither side. */
static long emit_discarded(__u64 index, struct test_order *order)
{
	struct garrison_event *record = bpf_ringbuf_reserve(&garrison_events, sizeof(*record), 0);

	if (record)
		bpf_ringbuf_discard(record, 0);
	return 0;
}

SEC("syscall")
int test_emit(struct test_order *order)
{
	struct test_order copy = *order;

	switch (copy.type) {
	case TEST_FIXED:
		return bpf_loop(copy.count, emit_fixed, &copy, 0);
	case TEST_TEXT:
		return bpf_loop(copy.count, emit_text, &copy, 0);
	case TEST_LARGE:
		return bpf_loop(copy.count, emit_large, &copy, 0);
	case TEST_DISCARDED:
		return bpf_loop(copy.count, emit_discarded, &copy, 0);
	default:
		return bpf_loop(copy.count, emit_unbound, &copy, 0);
	}
}

SEC("?syscall")
int test_second(void *context)
{
	return garrison_enforcing() ? 2 : 1;
}
