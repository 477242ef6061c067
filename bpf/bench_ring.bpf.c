// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* Fills a ring buffer as fast as the kernel can: run on demand, so that every consumer drains exactly the same records. */
#include "garrison.bpf.h"

GARRISON_LICENSE;

enum { BENCH_SMALL = 1, BENCH_LARGE = 2 };

struct bench_small {
	struct garrison_event header;
	__u64 payload[6];	/* 64 bytes in all */
};

struct bench_large {
	struct garrison_event header;
	__u64 payload[30];	/* 256 bytes in all */
};

struct bench_run {
	__u32 records;
	__u32 large;
};

/* Never read: they name the types in the BTF, where Java looks for their fields. */
struct bench_small *bench_small_type SEC(".data.bench");
struct bench_large *bench_large_type SEC(".data.bench");

static long emit_small(__u32 index, void *unused)
{
	struct bench_small *record = garrison_reserve(sizeof(*record), BENCH_SMALL);

	if (!record)
		return 1;
	record->payload[0] = index;
	/* No wake-up: the consumers poll, and what is measured is the drain. */
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

static long emit_large(__u32 index, void *unused)
{
	struct bench_large *record = garrison_reserve(sizeof(*record), BENCH_LARGE);

	if (!record)
		return 1;
	record->payload[0] = index;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("syscall")
int fill(struct bench_run *run)
{
	if (run->large)
		bpf_loop(run->records, emit_large, NULL, 0);
	else
		bpf_loop(run->records, emit_small, NULL, 0);
	return 0;
}
