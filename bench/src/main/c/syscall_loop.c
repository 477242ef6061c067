// SPDX-License-Identifier: Apache-2.0
/*
 * Busy time of the whole machine in nanoseconds, for a guest with one CPU whose clock counts instructions (./lab run --icount),
 * two nanoseconds each. Not the time that passed: that clock leaps while the CPU is idle. Not the time of the processes either:
 * what interrupts and timers do, and whoever watches, is part of the price.
 *
 *	syscall_loop COUNT	makes so many system calls that do next to nothing, and prints what they took
 *	syscall_loop lives COUNT	begins so many processes, each of which becomes nobody and runs /bin/true, one after the other
 *	syscall_loop run COMMAND...	runs a command to its end, and prints what that took
 *
 * The kernel tells idle time in hundredths of a second, which is how exact this is where the CPU was idle at all.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long busy_ns(void)
{
	long long idle, waiting, tick = 1000000000 / sysconf(_SC_CLK_TCK);
	FILE *stat = fopen("/proc/stat", "re");
	struct timespec now;

	if (!stat || fscanf(stat, "cpu %*d %*d %*d %lld %lld", &idle, &waiting) != 2) {
		perror("/proc/stat");
		exit(1);
	}
	fclose(stat);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec - (idle + waiting) * tick;
}

#define NOBODY 65534

/* 0 if the process did all of it. */
static int live(void)
{
	pid_t child = fork();
	int status;

	if (!child) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(126);
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	return child < 0 || waitpid(child, &status, 0) < 0 || status;
}

int main(int argc, char **argv)
{
	long long before = busy_ns();
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
	} else if (!strcmp(argv[1], "lives")) {
		for (count = argc > 2 ? atol(argv[2]) : 0; count > 0; count--)
			if (live())
				return 1;
	} else {
		for (count = atol(argv[1]); count > 0; count--)
			syscall(SYS_getppid);
	}
	printf("%lld\n", busy_ns() - before);
	return 0;
}
