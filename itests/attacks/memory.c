/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Content through a mapping, and execution. */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MAPPED 4096

static int store(char *memory)
{
	memcpy(memory, BREACH, strlen(BREACH));
	return msync(memory, MAPPED, MS_SYNC) ? refused("msync") : 0;
}

static int mmap_write(char **a)
{
	int fd = open(a[0], O_RDWR);
	char *memory;

	if (fd < 0)
		return refused("open");
	memory = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return memory == MAP_FAILED ? refused("mmap") : store(memory);
}

static int mmap_held(char **a)
{
	int fd = must_open(a[0], O_RDWR);
	char *memory;

	hold();
	memory = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return memory == MAP_FAILED ? refused("mmap") : store(memory);
}

static int mprotect_held(char **a)
{
	int fd = must_open(a[0], O_RDWR);
	char *memory = mmap(NULL, MAPPED, PROT_READ, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		bad_scene("mmap");
	close(fd);
	hold();
	return mprotect(memory, MAPPED, PROT_READ | PROT_WRITE) ? refused("mprotect") : store(memory);
}

static int mmap_read(char **a)
{
	int fd = open(a[0], O_RDONLY);
	char *memory;

	if (fd < 0)
		return refused("open");
	memory = mmap(NULL, MAPPED, PROT_READ, MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		return refused("mmap");
	printf("%s", memory);
	return 0;
}

/* A descriptor for reading is enough to run what is in the file. */
static int mmap_execute(char **a)
{
	int fd = must_open(a[0], O_RDONLY);
	void *memory = mmap(NULL, MAPPED, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	if (memory == MAP_FAILED)
		return refused("mmap PROT_EXEC");
	puts("mapped");
	return 0;
}

static int mprotect_execute(char **a)
{
	int fd = must_open(a[0], O_RDONLY);
	void *memory = mmap(NULL, MAPPED, PROT_READ, MAP_PRIVATE, fd, 0);

	if (memory == MAP_FAILED)
		bad_scene("mmap");
	if (mprotect(memory, MAPPED, PROT_READ | PROT_EXEC))
		return refused("mprotect PROT_EXEC");
	puts("mapped");
	return 0;
}

static int execute(char **a)
{
	execve(a[0], a, environ);
	return refused("execve");
}

static int execute_descriptor(char **a)
{
	int fd = must_open(a[0], O_PATH);

	execveat(fd, "", a, environ, AT_EMPTY_PATH);
	return refused("execveat AT_EMPTY_PATH");
}

static char strung[4096] = "/dev/null";

/* No attack: a program that may write to a file, and writes to another. */
static int write_strung(char **a)
{
	(void)a;
	printf("%lx\n", (unsigned long)strung);
	fflush(stdout);
	hold();
	return write_breach(open(strung, O_WRONLY), "open");
}

/* Has that program write where the attacker wants, through its memory. */
static int puppet_write(char **a)
{
	int in[2], out[2], status, memory;
	unsigned long address;
	char path[64];
	FILE *answers;
	pid_t child;

	if (pipe(in) || pipe(out))
		bad_scene("pipe");
	child = fork();
	if (child == 0) {
		if (dup2(in[0], STDIN_FILENO) >= 0 && dup2(out[1], STDOUT_FILENO) >= 0)
			execl(a[0], a[0], "strung", NULL);
		_exit(BAD_SCENE);
	}
	close(in[0]);
	close(out[1]);
	answers = fdopen(out[0], "r");
	if (child < 0 || !answers || fscanf(answers, "%lx held", &address) != 1)
		bad_scene("strung");
	tell_actor(child);
	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	memory = must_open(path, O_WRONLY);
	if (pwrite(memory, a[1], strlen(a[1]) + 1, address) < 0)
		return refused("write /proc/PID/mem");
	if (write(in[1], "\n", 1) != 1 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		bad_scene("strung");
	errno = WEXITSTATUS(status);
	return errno ? refused("open by the other program") : 0;
}

const struct attack memory_attacks[] = {
	{ "mmap-write", "FILE", mmap_write },
	{ "mmap-held", "FILE", mmap_held },
	{ "mprotect-held", "FILE", mprotect_held },
	{ "mmap-read", "FILE", mmap_read },
	{ "mmap-execute", "FILE", mmap_execute },
	{ "mprotect-execute", "FILE", mprotect_execute },
	{ "strung", "", write_strung },
	{ "puppet-write", "PROGRAM FILE", puppet_write },
	{ "execve", "PROGRAM ...", execute },
	{ "execveat", "PROGRAM ...", execute_descriptor },
	{ 0 },
};
