/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * A loader that drops its privileges: in a user namespace of its own it creates a BPF token from a BPF file system that its
 * parent has delegated to it, and a map by that token. Since 6.9.
 */
#define _GNU_SOURCE
#include "attack.h"
#include "bpfcall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DELEGATIONS 4

static const char *const delegations[DELEGATIONS] = { "delegate_cmds", "delegate_maps", "delegate_progs", "delegate_attachs" };

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

/* A stack, which takes CAP_BPF, whoever may use bpf(2) otherwise. */
static int create_map(int token)
{
	struct map_attr map = { .type = BPF_MAP_TYPE_STACK, .value_size = 8, .entries = 1, .flags = token ? F_TOKEN_FD : 0, .token_fd = token };

	return BPF(BPF_MAP_CREATE, &map) < 0 ? refused("map_create") : 0;
}

static int create_btf(int token)
{
	return load_btf(token) < 0 ? refused("btf_load") : 0;
}

/* Of type XDP, which takes CAP_NET_ADMIN; asks what takes CAP_BPF and CAP_PERFMON. */
static int create_program(int token)
{
	struct bpf_insn code[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_jiffies64 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_current_task },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct prog_attr attr = { .type = BPF_PROG_TYPE_XDP, .count = 4, .code = (uintptr_t)code, .licence = (uintptr_t)"GPL",
				  .attach_type = BPF_XDP, .flags = token ? F_TOKEN_FD : 0, .token_fd = token };

	return BPF(BPF_PROG_LOAD, &attr) < 0 ? refused("prog_load") : 0;
}

static int create_extension(int token)
{
	int btf = load_btf(token), target;

	if (btf < 0)
		return refused("btf_load");
	target = load_target(btf, token);
	if (target < 0)
		return refused("prog_load");
	return load_extension(btf, target, token) < 0 ? refused("prog_load extension") : 0;
}

static const struct token_case {
	const char *name;
	int (*create)(int token);
	bool without_token, without_capabilities;
	const char *delegated[DELEGATIONS];	/* NULL: all */
} cases[] = {
	{ "map", create_map },
	{ "map-without-token", create_map, .without_token = true },
	{ "map-without-capability", create_map, .without_capabilities = true },
	{ "map-command-not-delegated", create_map, .delegated = { "0x20" } },	/* prog_load */
	{ "map-kind-not-delegated", create_map, .delegated = { NULL, "0x4" } },	/* array */
	/* map_create; stacks; socket filters; cgroup_inet_ingress: no more, or everything of one kind */
	{ "map-limited", create_map, .delegated = { "0x1", "0x800000", "0x2", "0x1" } },
	{ "map-limited-but-cmds", create_map, .delegated = { NULL, "0x800000", "0x2", "0x1" } },
	{ "map-limited-but-maps", create_map, .delegated = { "0x1", NULL, "0x2", "0x1" } },
	{ "map-limited-but-progs", create_map, .delegated = { "0x1", "0x800000", NULL, "0x1" } },
	{ "map-limited-but-attachs", create_map, .delegated = { "0x1", "0x800000", "0x2", NULL } },
	{ "btf", create_btf },
	{ "btf-without-token", create_btf, .without_token = true },
	{ "btf-without-capability", create_btf, .without_capabilities = true },
	{ "btf-command-not-delegated", create_btf, .delegated = { "0x21" } },	/* map_create, prog_load */
	{ "prog", create_program },
	{ "prog-without-token", create_program, .without_token = true },
	{ "prog-without-capability", create_program, .without_capabilities = true },
	{ "prog-command-not-delegated", create_program, .delegated = { "0x1" } },
	{ "prog-kind-not-delegated", create_program, .delegated = { NULL, NULL, "0x2" } },	/* socket filter */
	{ "prog-attachment-not-delegated", create_program, .delegated = { NULL, NULL, NULL, "0x1" } },
	{ "extension", create_extension },
	{ "extension-kind-not-delegated", create_extension, .delegated = { NULL, NULL, "0x40" } },	/* XDP */
	{}
};

static void drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capset, &head, data))
		bad_scene("capset");
}

/* What only the parent may do: to delegate. */
static int delegate_itself(int context)
{
	for (int i = 0; i < DELEGATIONS; i++)
		if (!syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, delegations[i], "any", 0))
			return 0;
	return refused("fsconfig");
}

static int in_namespace(int socket, const struct token_case *asked)
{
	struct token_attr token = {};
	int context, mount, fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		bad_scene("unshare");
	answer(socket);
	await(socket);
	context = syscall(SYS_fsopen, "bpf", 0);
	if (context < 0)
		bad_scene("fsopen");
	if (!asked && !delegate_itself(context))
		return 0;
	send_fd(socket, context);
	await(socket);
	mount = syscall(SYS_fsmount, context, 0, 0);
	if (mount < 0)
		bad_scene("fsmount");
	if (!asked) {
		context = syscall(SYS_fspick, mount, "", FSPICK_EMPTY_PATH);
		return context < 0 ? refused("fspick") : delegate_itself(context);
	}
	token.bpffs_fd = openat(mount, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	fd = BPF(TOKEN_CREATE, &token);
	if (fd < 0)
		return refused("token_create");
	if (asked->without_capabilities)
		drop_capabilities();
	return asked->create(asked->without_token ? 0 : fd);
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

static int in_child(const struct token_case *asked)
{
	int pair[2], context, status;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		bad_scene("socketpair");
	child = fork();
	if (child == 0)
		_exit(in_namespace(pair[1], asked));
	close(pair[1]);
	await(pair[0]);
	map_ids(child);
	answer(pair[0]);
	context = receive_fd(pair[0]);
	for (int i = 0; i < DELEGATIONS; i++)
		if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, delegations[i],
			    asked && asked->delegated[i] ? asked->delegated[i] : "any", 0))
			bad_scene(delegations[i]);
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		bad_scene("fsconfig");
	answer(pair[0]);
	printf("%d\n", child);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		bad_scene("waitpid");
	return WEXITSTATUS(status);
}

/* A loader's child without privileges creates a token, and by it, or not, what CASE says. */
static int run_token(char **argument)
{
	const struct token_case *asked = cases;

	while (asked->name && strcmp(asked->name, argument[0]))
		asked++;
	if (!asked->name)
		bad_scene(argument[0]);
	return in_child(asked);
}

/* The child delegates to itself, before its parent has mounted the file system and after. */
static int run_delegate(char **argument __attribute__((unused)))
{
	return in_child(NULL);
}

/* Who has all privileges needs no token, and gets none. */
static int run_token_here(char **argument)
{
	struct token_attr token = { .bpffs_fd = must_open(argument[0], O_RDONLY | O_DIRECTORY) };

	return BPF(TOKEN_CREATE, &token) < 0 ? refused("token_create") : 0;
}

const struct attack token_attacks[] = {
	{ "bpf-token", "CASE", run_token },
	{ "bpf-delegate", "", run_delegate },
	{ "bpf-token-here", "FOLDER", run_token_here },
	{}
};
