// SPDX-License-Identifier: Apache-2.0
/*
 * CPU time in nanoseconds, for a guest whose clock counts instructions (./lab run --icount), two nanoseconds each. Not the
 * time that passed: that clock leaps while a CPU waits for a disk.
 *
 *	syscall_loop COUNT	makes so many system calls that do next to nothing, and prints what they took
 *	syscall_loop run COMMAND...	runs a command to its end, and prints what it and its children took
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long nanoseconds(int who)
{
	struct rusage used;

	getrusage(who, &used);
	return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000L + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000L;
}

int main(int argc, char **argv)
{
	long count;
	int status;

	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "run")) {
		pid_t child = fork();

		if (!child) {
			execvp(argv[2], argv + 2);
			_exit(127);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0 || status)
			return 1;
		printf("%ld\n", nanoseconds(RUSAGE_CHILDREN));
	} else {
		for (count = atol(argv[1]); count > 0; count--)
			syscall(SYS_getppid);
		printf("%ld\n", nanoseconds(RUSAGE_SELF));
	}
	return 0;
}
