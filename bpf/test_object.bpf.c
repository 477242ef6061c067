// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * What the framework's own tests load on any machine: system-call programs need no hook to run. Not part of any bundle.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __s16 small_signed = -1;
const volatile __u32 wide = 1;
const volatile bool flag = false;
const volatile __u64 widest = 0;
const volatile char text[8] = "text";

/* Every kind of member that the layout reader must tell apart. */
enum test_state { TEST_IDLE, TEST_BUSY = 7, TEST_GONE = -2 };

struct test_inner {
	__u16 first;
	__s64 second;
};

struct test_record {
	__u64 time;
	__s8 signed_byte;
	bool yes;
	enum test_state state;
	struct test_inner inner;
	union {
		__u32 as_number;
		__u8 as_bytes[4];
	};
	struct {
		__u32 anonymous;
	};
	__u32 bits : 3, more_bits : 5;
	struct test_inner pair[2];
	__u16 grid[2][3];
};

struct test_tail {
	void *pointer;
	char tail[];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 12);
} per_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 8);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, 8);
	__type(value, __u32);
} prefixes SEC(".maps");

struct table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct table);
} policy SEC(".maps");

struct test_run {
	__u32 key;
	__u32 result;
};

/* A struct that only pointers in functions mention would be missing from BTF. */
struct test_record *test_record_layout;
struct test_tail *test_tail_layout;

static __noinline __u64 scaled(__u64 number)
{
	return number * widest;
}

/* Stores under the caller's key what the constants say, and answers from the policy of the day. */
SEC("syscall")
int test_run(struct test_run *run)
{
	__u32 zero = 0, key = run->key;
	__u64 value = scaled(wide);
	__u32 *found = NULL;
	void *table;

	if (small_signed < 0)
		value += 1000;
	if (flag)
		value += 1;
	bpf_map_update_elem(&numbers, &key, &value, BPF_ANY);
	table = bpf_map_lookup_elem(&policy, &zero);
	if (table)
		found = bpf_map_lookup_elem(table, &key);
	run->result = found ? *found : 0;
	return found ? 1 : 2;
}

/* The verifier refuses it: the key is not checked against the array's end. */
SEC("?syscall")
int test_rejected(struct test_run *run)
{
	char numbers_on_stack[8] = {};

	return numbers_on_stack[run->key];
}
