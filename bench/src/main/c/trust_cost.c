/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * trust_cost exec COUNT PROGRAM: nanoseconds of one start of PROGRAM, its end included.
 * trust_cost fork COUNT:         nanoseconds of one fork(2), the child's end included.
 * trust_cost bpf COUNT:          nanoseconds of one bpf(2) that asks for nothing (an element of no map), allowed or refused.
 * trust_cost nothing:            ends at once.
 *
 * Static, so that a signed copy of it needs no other signed file.
 */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void start(char *program)
{
	char *words[] = { program, "nothing", NULL };
	int status;
	pid_t child;

	if (posix_spawn(&child, program, NULL, NULL, words, environ) || waitpid(child, &status, 0) != child || status) {
		perror(program);
		exit(1);
	}
}

static void split(void)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	if (child < 0 || waitpid(child, &status, 0) != child) {
		perror("fork");
		exit(1);
	}
}

static void ask(void)
{
	union bpf_attr attr = { .map_fd = -1 };

	syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr));
}

int main(int argc, char **argv)
{
	long count, i, begin = now();

	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	count = argc > 2 ? atol(argv[2]) : 0;
	if (count <= 0 || (strcmp(argv[1], "bpf") && strcmp(argv[1], "fork") && (argc != 4 || strcmp(argv[1], "exec"))))
		return 2;
	/* The first ones fill caches. */
	for (i = -count / 10; i < count; i++) {
		if (i == 0)
			begin = now();
		if (argc == 4)
			start(argv[3]);
		else if (!strcmp(argv[1], "fork"))
			split();
		else
			ask();
	}
	printf("%ld\n", (now() - begin) / count);
	return 0;
}
