// SPDX-License-Identifier: Apache-2.0
/*
 * Times in nanoseconds since boot, for a guest whose clock counts instructions (./lab run --icount), two nanoseconds each.
 *
 *	syscall_loop COUNT	makes so many system calls that do next to nothing, and prints what they took
 *	syscall_loop run COMMAND...	runs a command to its end, and prints what it took
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

int main(int argc, char **argv)
{
	long begin, count;
	int status;

	if (argc < 2)
		return 2;
	begin = now();
	if (!strcmp(argv[1], "run")) {
		pid_t child = fork();

		if (!child) {
			execvp(argv[2], argv + 2);
			_exit(127);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0 || status)
			return 1;
	} else {
		for (count = atol(argv[1]); count > 0; count--)
			syscall(SYS_getppid);
	}
	printf("%ld\n", now() - begin);
	return 0;
}
