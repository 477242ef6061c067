/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Records of test_ring.bpf.c. */
#ifndef TEST_RING_H
#define TEST_RING_H

enum test_record {
	TEST_FIXED = 1,
	TEST_TEXT = 2,
	TEST_LARGE = 3,
	TEST_UNBOUND = 4,
	TEST_DISCARDED = 5,
};

struct test_order {
	__u64 first;		/* sequence number of the first record */
	__u32 count;
	__u32 type;		/* enum test_record */
};

struct test_inner {
	__u32 left;
	__s64 right_side;
};

/* One field of each kind. */
struct test_fixed {
	struct garrison_event header;
	__u64 sequence;
	__u32 knob;
	__s32 minus_five;
	__u16 small;
	__u8 tiny;
	enum test_record plain_enum;
	char name[16];
	__u8 raw_bytes[8];
	struct test_inner inner;
};

/* Ends in a flexible array member. */
struct test_text {
	struct garrison_event header;
	__u64 sequence;
	char text[];
};

/* 256 bytes, to fill a ring. */
struct test_large {
	struct garrison_event header;
	__u64 sequence;
	__u8 payload[232];
};

#endif
