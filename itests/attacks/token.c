/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * A loader that drops its privileges: in a user namespace of its own it creates a BPF token from a BPF file system that its
 * parent has delegated to it, and a map by that token. Since 6.9.
 */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAP_CREATE 0
#define TOKEN_CREATE 36
#define F_TOKEN_FD (1U << 16)

/* Of union bpf_attr, for headers that know no tokens. */
struct token_attr {
	uint32_t flags;
	uint32_t bpffs_fd;
};

struct map_attr {
	uint32_t type, key_size, value_size, entries, flags, more[14], token_fd;
};

_Static_assert(sizeof(struct map_attr) == 80, "map_token_fd is at 76");

static void send_fd(int socket, int fd)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = {};
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *control = CMSG_FIRSTHDR(&message);

	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(control), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) != 1)
		bad_scene("sendmsg");
}

static int receive_fd(int socket)
{
	char byte, room[CMSG_SPACE(sizeof(int))] = {};
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	int fd;

	if (recvmsg(socket, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		bad_scene("recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void await(int socket)
{
	char byte;

	if (read(socket, &byte, 1) != 1)
		bad_scene("read");
}

static void answer(int socket)
{
	if (write(socket, "", 1) != 1)
		bad_scene("write");
}

static int in_namespace(int socket)
{
	struct token_attr token = {};
	struct map_attr map = { .type = 2, .key_size = 4, .value_size = 8, .entries = 1, .flags = F_TOKEN_FD };
	int context, mount, fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		bad_scene("unshare");
	answer(socket);
	await(socket);
	context = syscall(SYS_fsopen, "bpf", 0);
	if (context < 0)
		bad_scene("fsopen");
	send_fd(socket, context);
	await(socket);
	mount = syscall(SYS_fsmount, context, 0, 0);
	if (mount < 0)
		bad_scene("fsmount");
	token.bpffs_fd = openat(mount, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	fd = syscall(SYS_bpf, TOKEN_CREATE, &token, sizeof(token));
	if (fd < 0)
		return refused("token_create");
	map.token_fd = fd;
	return syscall(SYS_bpf, MAP_CREATE, &map, sizeof(map)) < 0 ? refused("map_create") : 0;
}

static void map_ids(pid_t child)
{
	static const char *const files[] = { "setgroups", "uid_map", "gid_map" };
	static const char *const texts[] = { "deny", "0 0 1", "0 0 1" };
	char path[64];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", child, files[i]);
		int fd = must_open(path, O_WRONLY);

		if (write(fd, texts[i], strlen(texts[i])) < 0)
			bad_scene(path);
		close(fd);
	}
}

static int run_token(char **argument __attribute__((unused)))
{
	static const char *const delegated[] = { "delegate_cmds", "delegate_maps", "delegate_progs", "delegate_attachs" };
	int pair[2], context, status;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		bad_scene("socketpair");
	child = fork();
	if (child == 0)
		_exit(in_namespace(pair[1]));
	close(pair[1]);
	await(pair[0]);
	map_ids(child);
	answer(pair[0]);
	context = receive_fd(pair[0]);
	for (int i = 0; i < 4; i++)
		if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, delegated[i], "any", 0))
			bad_scene(delegated[i]);
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		bad_scene("fsconfig");
	answer(pair[0]);
	printf("%d\n", child);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		bad_scene("waitpid");
	return WEXITSTATUS(status);
}

const struct attack token_attacks[] = {
	{ "bpf-token", "", run_token },
	{}
};
