// SPDX-License-Identifier: Apache-2.0
/*
 * What a program on a hook adds to the system call that passes it: getpgid of another process's number, lsm/task_getpgid.
 * Usage: hook_cost OURS BARE, the two objects. For a guest whose clock counts instructions (./lab run --icount), two
 * nanoseconds each; elsewhere its figures mean little. Prints one line a case: instructions a call, and their spread.
 *
 * Both objects get the state that the framework gives a running plugin: ENFORCE, nobody retired, a heartbeat just now.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCKS = 8, CALLS = 20000, MOST = 8 };

/* The fields of garrison.h that matter here. */
struct control {
	unsigned int mode, generation, orphaned, retired;
	unsigned long long grace_ns, layout;
};

struct bare_state {
	unsigned int enforce, retired, orphaned, unused;
	unsigned long long grace_ns, alive_ns;
};

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;

	return (difference > 0) - (difference < 0);
}

/* Instructions a call, the median of the blocks; the first one is thrown away. */
static double measure(const char *name)
{
	double blocks[BLOCKS];
	pid_t self = getpid();

	for (int block = -1; block < BLOCKS; block++) {
		long begin = now();

		for (int i = 0; i < CALLS; i++)
			if (getpgid(self) < 0) {
				perror("getpgid");
				exit(1);
			}
		if (block >= 0)
			blocks[block] = (now() - begin) / 2.0 / CALLS;
	}
	qsort(blocks, BLOCKS, sizeof(blocks[0]), ascending);
	printf("%-36s %9.1f instructions a call (%.1f to %.1f)\n", name, blocks[BLOCKS / 2], blocks[0], blocks[BLOCKS - 1]);
	fflush(stdout);
	return blocks[BLOCKS / 2];
}

static void put(struct bpf_object *object, const char *map, const void *value)
{
	int zero = 0;

	if (bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, map), &zero, value, 0)) {
		perror(map);
		exit(1);
	}
}

/* Loads and attaches an object; with a heartbeat to be looked at if `grace` is not 0. */
static struct bpf_link *attach(const char *file, int bare, unsigned long long grace, struct bpf_object **object)
{
	struct control control = { .mode = 1, .generation = 1, .orphaned = grace != 0, .grace_ns = grace };
	struct bare_state state = { .enforce = 1, .orphaned = grace != 0, .grace_ns = grace, .alive_ns = now() };
	unsigned long long heartbeat[2] = { now(), 0 };
	struct bpf_link *link;

	*object = bpf_object__open_file(file, NULL);
	if (!*object || bpf_object__load(*object)) {
		fprintf(stderr, "%s cannot be loaded\n", file);
		exit(1);
	}
	if (bare) {
		put(*object, "bare_now", &state);
	} else {
		put(*object, "garrison_control", &control);
		put(*object, "garrison_heartbeat", heartbeat);
	}
	link = bpf_program__attach(bpf_object__find_program_by_name(*object, "bench_hook"));
	if (!link) {
		fprintf(stderr, "%s cannot be attached\n", file);
		exit(1);
	}
	return link;
}

static double with(const char *name, const char *file, int bare, unsigned long long grace, int copies)
{
	struct bpf_object *objects[MOST];
	struct bpf_link *links[MOST];
	double cost;

	for (int i = 0; i < copies; i++)
		links[i] = attach(file, bare, grace, &objects[i]);
	cost = measure(name);
	while (copies-- > 0) {
		bpf_link__destroy(links[copies]);
		bpf_object__close(objects[copies]);
	}
	return cost;
}

int main(int argc, char **argv)
{
	unsigned long long hour = 3600ULL * 1000000000;
	double none, bare, ours, bare_alive, ours_alive, two, four;

	if (argc != 3) {
		fprintf(stderr, "usage: hook_cost OURS BARE\n");
		return 2;
	}
	none = measure("no program");
	bare = with("by hand", argv[2], 1, 0, 1);
	ours = with("shared header", argv[1], 0, 0, 1);
	bare_alive = with("by hand, heartbeat asked for", argv[2], 1, hour, 1);
	ours_alive = with("shared header, heartbeat asked for", argv[1], 0, hour, 1);
	two = with("shared header, 2 plugins", argv[1], 0, 0, 2);
	four = with("shared header, 4 plugins", argv[1], 0, 0, 4);
	printf("hook.bare_instructions=%.0f\n", bare - none);
	printf("hook.ours_instructions=%.0f\n", ours - none);
	printf("hook.second_plugin_instructions=%.0f\n", two - ours);
	printf("hook.further_plugin_instructions=%.0f\n", (four - two) / 2);
	printf("hook.ours_over_bare_heartbeat=%.2f\n", (ours_alive - none) / (bare_alive - none));
	printf("hook.ours_over_bare=%.2f\n", (ours - none) / (bare - none));
	return 0;
}
