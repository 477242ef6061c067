// SPDX-License-Identifier: Apache-2.0
/*
 * The peer of the ring benchmark: libbpf's own consumer in C on the same object. Usage: ring_consumer OBJECT RECORDS LARGE ROUNDS
 * Prints one line a round: nanoseconds of ring_buffer__consume for RECORDS records.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct run {
	unsigned int records;
	unsigned int large;
};

/* volatile: the consumer must really read the record, as the Java ones do */
static volatile unsigned long long sum;

static int consume(void *context, void *data, size_t size)
{
	(void)context;
	(void)size;
	sum += ((unsigned long long *)data)[2];
	return 0;
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct ring_buffer *ring;
	struct run run;
	int program, rounds;

	if (argc != 5) {
		fprintf(stderr, "usage: ring_consumer OBJECT RECORDS LARGE ROUNDS\n");
		return 2;
	}
	run.records = atoi(argv[2]);
	run.large = atoi(argv[3]);
	rounds = atoi(argv[4]);
	object = bpf_object__open_file(argv[1], NULL);
	if (!object)
		return 1;
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "garrison_events"), 16 << 20);
	if (bpf_object__load(object))
		return 1;
	program = bpf_program__fd(bpf_object__find_program_by_name(object, "fill"));
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "garrison_events"), consume, NULL, NULL);
	if (!ring)
		return 1;
	for (int i = 0; i < rounds; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &run, .ctx_size_in = sizeof(run));
		long begin;
		int got;

		if (bpf_prog_test_run_opts(program, &options))
			return 1;
		begin = now();
		got = ring_buffer__consume(ring);
		printf("%ld\n", now() - begin);
		if ((unsigned int)got != run.records) {
			fprintf(stderr, "ring_consumer: %d of %u records\n", got, run.records);
			return 1;
		}
	}
	ring_buffer__free(ring);
	bpf_object__close(object);
	return 0;
}
