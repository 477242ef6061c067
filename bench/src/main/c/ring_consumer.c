// SPDX-License-Identifier: Apache-2.0
/*
 * The peer of the ring benchmark: libbpf's own consumer, with a callback in C, as a C program would use it. A library and
 * no program, so that both consumers drain one and the same ring, in the same pages of memory: where a ring's pages happen
 * to lie in the caches changes its speed by half.
 */
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <time.h>

/* bpf/bench_ring.bpf.c and bpf/include/garrison.h */
enum { BENCH_SMALL = 1, BENCH_LARGE = 2 };

struct header {
	unsigned long long time_ns;
	unsigned int type;
	unsigned int generation;
};

struct small {
	struct header header;
	unsigned long long payload[6];
};

struct large {
	struct header header;
	unsigned long long payload[30];
};

/* volatile: the consumer must really read the record, as the Java ones do */
static volatile unsigned long long sum;
static volatile unsigned long long refused;

/* The least: one field. */
static int consume_plain(void *context, void *data, size_t size)
{
	(void)context;
	(void)size;
	sum += ((const struct small *)data)->payload[0];
	return 0;
}

/* What such callbacks do, and what Garrison's dispatch does: look at the type, check the length, handle the record. */
static int consume_dispatched(void *context, void *data, size_t size)
{
	const struct header *header = data;

	(void)context;
	if (size < sizeof(*header)) {
		refused++;
		return 0;
	}
	switch (header->type) {
	case BENCH_SMALL:
		if (size >= sizeof(struct small))
			sum += ((const struct small *)data)->payload[0];
		else
			refused++;
		break;
	case BENCH_LARGE:
		if (size >= sizeof(struct large))
			sum += ((const struct large *)data)->payload[0];
		else
			refused++;
		break;
	default:
		refused++;
	}
	return 0;
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

struct ring_buffer *ring_consumer_new(int map, int dispatched)
{
	return ring_buffer__new(map, dispatched ? consume_dispatched : consume_plain, NULL, NULL);
}

/* Nanoseconds of one ring_buffer__consume; negative when it did not take `records`. */
long ring_consumer_drain(struct ring_buffer *ring, int records)
{
	long begin = now();
	int got = ring_buffer__consume(ring);
	long took = now() - begin;

	return got == records ? took : -1;
}

void ring_consumer_free(struct ring_buffer *ring)
{
	ring_buffer__free(ring);
}
