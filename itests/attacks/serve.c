/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * attack serve: many attacks without starting the program for each. A request is one line, the arguments separated by the
 * byte 0x1f; each is carried out in a process of its own. The answer is a line with its pid, its exit status (128 and the
 * signal, if one ended it) and the lengths of what it said on standard output and standard error, followed by both.
 */
#define _GNU_SOURCE
#include "attack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS 64

static int new_memory_file(void)
{
	int fd = memfd_create("said", MFD_CLOEXEC);

	if (fd < 0)
		bad_scene("memfd_create");
	return fd;
}

static void tell(int fd, off_t length)
{
	char buffer[4096];

	lseek(fd, 0, SEEK_SET);
	while (length > 0) {
		ssize_t n = read(fd, buffer, sizeof(buffer));

		if (n <= 0)
			bad_scene("memory file");
		fwrite(buffer, 1, n, stdout);
		length -= n;
	}
	close(fd);
}

static void one(char **argument, int count)
{
	int out = new_memory_file(), err = new_memory_file(), status;
	off_t out_length, err_length;
	pid_t child = fork();

	if (child < 0)
		bad_scene("fork");
	if (child == 0) {
		if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
			bad_scene("dup2");
		exit(attack_main(count, argument));
	}
	if (waitpid(child, &status, 0) != child)
		bad_scene("waitpid");
	out_length = lseek(out, 0, SEEK_END);
	err_length = lseek(err, 0, SEEK_END);
	printf("%d %d %ld %ld\n", child, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out_length, err_length);
	tell(out, out_length);
	tell(err, err_length);
	fflush(stdout);
}

int serve(void)
{
	char *line = NULL, *argument[ARGUMENTS];
	size_t room = 0;
	ssize_t length;

	while ((length = getline(&line, &room, stdin)) > 0) {
		int count = 0;

		line[length - 1] = 0;
		argument[count++] = "attack";
		for (char *rest = line; rest && count < ARGUMENTS - 1; )
			argument[count++] = strsep(&rest, "\x1f");
		argument[count] = NULL;
		one(argument, count);
	}
	return 0;
}
