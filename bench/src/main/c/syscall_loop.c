// SPDX-License-Identifier: Apache-2.0
/*
 * Busy time of the whole machine in nanoseconds, for a guest with one CPU whose clock counts instructions (./lab run --icount),
 * two nanoseconds each. Not the time that passed: that clock leaps while the CPU is idle. Not the time of the processes either:
 * what interrupts and timers do, and whoever watches, is part of the price.
 *
 *	syscall_loop COUNT	makes so many system calls that do next to nothing, and prints what they took
 *	syscall_loop lives COUNT	begins so many processes, each of which becomes nobody and runs /bin/true, one after the other
 *	syscall_loop reads FILE COUNT	opens, reads and closes a file so often
 *	syscall_loop names FOLDER COUNT	makes a file there, renames it and removes it, so often
 *	syscall_loop files FOLDER COUNT	makes so many empty files there, which stay
 *	syscall_loop run COMMAND...	runs a command to its end, and prints what that took
 *
 * The kernel tells idle time in hundredths of a second, which is how exact this is where the CPU was idle at all.
 */
#define _GNU_SOURCE
#include <fcntl.h>
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

static int read_once(const char *file)
{
	char text[64];
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	return fd < 0 || read(fd, text, sizeof(text)) < 0 || close(fd);
}

static int name_once(void)
{
	int fd = open("before", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	return fd < 0 || close(fd) || rename("before", "after") || unlink("after");
}

static int make_file(long number)
{
	char name[24];
	int fd;

	snprintf(name, sizeof(name), "%ld", number);
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return fd < 0 || close(fd);
}

/* On files: 0 if all went well. */
static int on_files(const char *what, const char *where, long count)
{
	int reads = !strcmp(what, "reads"), names = !strcmp(what, "names");

	if (!reads && chdir(where))
		return 1;
	for (; count > 0; count--)
		if (reads ? read_once(where) : names ? name_once() : make_file(count))
			return 1;
	return 0;
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
	} else if (argc == 4) {
		if (on_files(argv[1], argv[2], atol(argv[3]))) {
			perror(argv[2]);
			return 1;
		}
	} else {
		for (count = atol(argv[1]); count > 0; count--)
			syscall(SYS_getppid);
	}
	printf("%lld\n", busy_ns() - before);
	return 0;
}
