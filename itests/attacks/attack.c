/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct attack *const tables[] = {
	open_attacks, held_attacks, reach_attacks, name_attacks, attribute_attacks, memory_attacks, mount_attacks,
	below_attacks, uring_attacks, kernel_attacks, bpf_attacks, token_attacks, key_attacks, net_attacks, extension_attacks,
	metadata_attacks, content_attacks, mixed_calls,
};

int refused(const char *call)
{
	int error = errno;

	fprintf(stderr, "%s: %s\n", call, strerrorname_np(error));
	return error;
}

void bad_scene(const char *what)
{
	fprintf(stderr, "cannot attack: %s: %s\n", what, strerrorname_np(errno));
	exit(BAD_SCENE);
}

void hold(void)
{
	char byte;

	if (write(STDOUT_FILENO, "held\n", 5) != 5)
		bad_scene("hold");
	do {
		if (read(STDIN_FILENO, &byte, 1) != 1)
			bad_scene("hold");
	} while (byte != '\n');
}

int write_breach(int fd, const char *call)
{
	if (fd < 0)
		return refused(call);
	if (write(fd, BREACH, strlen(BREACH)) < 0)
		return refused("write");
	close(fd);
	return 0;
}

int print_content(int fd)
{
	char buffer[4096];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		if (write(STDOUT_FILENO, buffer, n) != n)
			bad_scene("standard output");
	}
	if (n < 0)
		return refused("read");
	close(fd);
	return 0;
}

/* The names as they lie in the records: whoever knows one finds it. */
int print_names(int fd)
{
	char buffer[4096];
	long n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer));

	if (n < 0)
		return refused("getdents64");
	if (write(STDOUT_FILENO, buffer, n) != n)
		bad_scene("standard output");
	close(fd);
	return 0;
}

void tell_actor(int pid)
{
	printf("actor %d\n", pid);
}

int must_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	if (fd < 0)
		bad_scene(path);
	return fd;
}

static void usage(void)
{
	fprintf(stderr, "usage: attack serve | attack [--uid N] [--gid N] [--cgroup FOLDER] [--cwd FOLDER] NAME ARGUMENT...\n");
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct attack *a = tables[i]; a->name; a++)
			fprintf(stderr, "  %s %s\n", a->name, a->arguments);
	exit(BAD_USAGE);
}

static const struct attack *find(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct attack *a = tables[i]; a->name; a++)
			if (!strcmp(a->name, name))
				return a;
	return NULL;
}

/* True when as many arguments are given as the attack names. */
static int fits(const struct attack *a, int given)
{
	int wanted = 0, open_ended = 0;

	for (const char *p = a->arguments; *p; ) {
		size_t length = strcspn(p, " ");

		if (!strncmp(p, "...", length))
			open_ended = 1;
		else
			wanted++;
		p += length + strspn(p + length, " ");
	}
	return open_ended ? given >= wanted : given == wanted;
}

static long number_of(const char *text)
{
	char *end;
	long id = strtol(text, &end, 10);

	if (*end || id < 0)
		usage();
	return id;
}

/* Of that group alone, and root still. */
static void join_group(const char *gid)
{
	long id = number_of(gid);

	if (setgroups(0, NULL) || setresgid(id, id, id))
		bad_scene("join another group");
}

static void enter_cgroup(const char *folder)
{
	int fd = open(folder, O_PATH | O_DIRECTORY), procs = openat(fd, "cgroup.procs", O_WRONLY);

	if (procs < 0 || write(procs, "0", 1) != 1)
		bad_scene(folder);
	close(procs);
	close(fd);
}

static void become(const char *uid)
{
	long id = number_of(uid);

	if (setgroups(0, NULL) || setresgid(id, id, id) || setresuid(id, id, id))
		bad_scene("become another user");
}

int attack_main(int argc, char **argv)
{
	const struct attack *attack;
	int i = 1;

	for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
		if (!strcmp(argv[i], "--uid"))
			become(argv[i + 1]);
		else if (!strcmp(argv[i], "--gid"))
			join_group(argv[i + 1]);
		else if (!strcmp(argv[i], "--cgroup"))
			enter_cgroup(argv[i + 1]);
		else if (strcmp(argv[i], "--cwd"))
			usage();
		else if (chdir(argv[i + 1]))
			bad_scene(argv[i + 1]);
	}
	if (i >= argc)
		usage();
	attack = find(argv[i]);
	if (!attack || !fits(attack, argc - i - 1))
		usage();
	return attack->run(argv + i + 1);
}

/* An attack a line, its words separated by blanks; the first that is refused ends it. What comes from other files it reads as it goes. */
static int interpret(const char *script)
{
	char text[4096] = {}, *line, *next, *words[8];
	int fd = must_open(script, O_RDONLY), result = 0, count;

	if (read(fd, text, sizeof(text) - 1) <= 0)
		bad_scene(script);
	for (line = strtok_r(text, "\n", &next); line && !result; line = strtok_r(NULL, "\n", &next)) {
		if (*line == '#')
			continue;
		words[0] = "attack";
		for (count = 1; count < 7 && (words[count] = strtok(count == 1 ? line : NULL, " ")); count++)
			;
		words[count] = NULL;
		result = attack_main(count, words);
	}
	return result;
}

/*
 * As a script's interpreter it takes the script's absolute path, or, as interpreters do, -e and the script's words.
 */
int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "serve"))
		return serve();
	if (argc >= 2 && argv[1][0] == '/')
		return interpret(argv[1]);
	if (argc > 2 && !strcmp(argv[1], "-e"))
		return attack_main(argc - 1, argv + 1);
	return attack_main(argc, argv);
}
