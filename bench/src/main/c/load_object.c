// SPDX-License-Identifier: Apache-2.0
/*
 * The peer of the load benchmark: libbpf in C. Usage: load_object OBJECT ROUNDS
 * Prints one line a round: nanoseconds to open, load and attach all programs.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST = 64 };

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: load_object OBJECT ROUNDS\n");
		return 2;
	}
	for (int round = atoi(argv[2]); round > 0; round--) {
		struct bpf_link *links[MOST];
		struct bpf_program *program;
		struct bpf_object *object;
		long begin = now(), took;
		int count = 0;

		object = bpf_object__open_file(argv[1], NULL);
		if (!object || bpf_object__load(object))
			return 1;
		bpf_object__for_each_program(program, object) {
			if (count == MOST)
				return 1;
			links[count] = bpf_program__attach(program);
			if (!links[count++])
				return 1;
		}
		took = now() - begin;
		printf("%ld\n", took);
		while (count > 0)
			bpf_link__destroy(links[--count]);
		bpf_object__close(object);
	}
	return 0;
}
