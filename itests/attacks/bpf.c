/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Use of BPF, and the ways to get at it round bpf(2). */
#define _GNU_SOURCE
#include "attack.h"
#include "bpfcall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SO_ATTACH_BPF
#define SO_ATTACH_BPF 50
#endif

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int map_create(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1 };

	return bpf(BPF_MAP_CREATE, &attr);
}

/* A program that lets everything pass. */
static int prog_load(int type)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = type, .insns = (uintptr_t)code, .insn_cnt = 2, .license = (uintptr_t)"GPL" };

	return bpf(BPF_PROG_LOAD, &attr);
}

static int run_map_create(char **argument __attribute__((unused)))
{
	return map_create() < 0 ? refused("bpf") : 0;
}

static int run_prog_load(char **argument __attribute__((unused)))
{
	return prog_load(BPF_PROG_TYPE_SOCKET_FILTER) < 0 ? refused("bpf") : 0;
}

/* Any command, about nothing: without a gate it fails for want of sense, not of permission. */
static int run_command(char **argument)
{
	union bpf_attr attr = {};
	int command = atoi(argument[0]);

	/* What cannot fail without an argument would change something, or makes sense as it is. */
	attr.map_fd = -1;
	return bpf(command, &attr) < 0 && errno == EPERM ? refused("bpf") : 0;
}

static int run_obj_get(char **argument)
{
	union bpf_attr attr = { .pathname = (uintptr_t)argument[0] };

	return bpf(BPF_OBJ_GET, &attr) < 0 ? refused("bpf") : 0;
}

static int pin(int fd, const char *path)
{
	union bpf_attr attr = { .pathname = (uintptr_t)path, .bpf_fd = fd };

	return fd < 0 || bpf(BPF_OBJ_PIN, &attr) < 0 ? refused("bpf") : 0;
}

static int run_pin(char **argument)
{
	return pin(map_create(), argument[0]);
}

static int run_pin_program(char **argument)
{
	return pin(prog_load(BPF_PROG_TYPE_SOCKET_FILTER), argument[0]);
}

/* A program that lets no process of a cgroup make a socket of IPv4: its link. */
static int link_cgroup(const char *cgroup)
{
	union bpf_attr attr = { .link_create = { .attach_type = BPF_CGROUP_INET_SOCK_CREATE } };

	attr.link_create.prog_fd = prog_load(BPF_PROG_TYPE_CGROUP_SOCK);
	attr.link_create.target_fd = must_open(cgroup, O_RDONLY | O_DIRECTORY);
	return bpf(BPF_LINK_CREATE, &attr);
}

/* Held by nobody but the pin. */
static int run_pin_cgroup(char **argument)
{
	return pin(link_cgroup(argument[0]), argument[1]);
}

/* Held by this process. */
static int run_hold_cgroup(char **argument)
{
	if (link_cgroup(argument[0]) < 0)
		return refused("bpf");
	hold();
	return 0;
}

/* Whether such a program is there. */
static int run_socket_in(char **argument)
{
	char procs[4096];
	int fd;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", argument[0]);
	fd = must_open(procs, O_WRONLY);
	if (write(fd, "0", 1) != 1)
		bad_scene(procs);
	return socket(AF_INET, SOCK_DGRAM, 0) < 0 ? refused("socket") : 0;
}

/* The first that there is. */
static int run_by_id(char **argument)
{
	union bpf_attr attr = {};
	int map = !strcmp(argument[0], "map");

	if (bpf(map ? BPF_MAP_GET_NEXT_ID : BPF_PROG_GET_NEXT_ID, &attr) < 0)
		return refused("bpf");
	attr.prog_id = attr.next_id;
	attr.next_id = 0;
	return bpf(map ? BPF_MAP_GET_FD_BY_ID : BPF_PROG_GET_FD_BY_ID, &attr) < 0 ? refused("bpf") : 0;
}

static int run_in_fork(char **argument __attribute__((unused)))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(run_map_create(NULL));
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		bad_scene("fork");
	return WEXITSTATUS(status);
}

static void *thread_create(void *result)
{
	*(int *)result = run_map_create(NULL);
	return NULL;
}

static int run_in_thread(char **argument __attribute__((unused)))
{
	pthread_t thread;
	int result = BAD_SCENE;

	if (pthread_create(&thread, NULL, thread_create, &result) || pthread_join(thread, NULL))
		bad_scene("thread");
	return result;
}

static int run_exec(char **argument)
{
	execv(argument[0], argument);
	bad_scene(argument[0]);
}

/* Loads, and leaves the descriptor to a program that did not: PROGRAM NAME FD. */
static int run_leak(char **argument)
{
	int type = !strcmp(argument[1], "perf-attach") ? BPF_PROG_TYPE_PERF_EVENT
		   : !strncmp(argument[1], "tc", 2) ? BPF_PROG_TYPE_SCHED_CLS
		   : !strncmp(argument[1], "xdp", 3) ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SOCKET_FILTER;
	int fd = prog_load(type);
	char number[12];
	char *words[] = { argument[0], argument[1], number, NULL };

	if (fd < 0)
		return refused("bpf");
	if (fcntl(fd, F_SETFD, 0))
		bad_scene("fcntl");
	snprintf(number, sizeof(number), "%d", fd);
	execv(words[0], words);
	bad_scene(words[0]);
}

static int run_perf_attach(char **argument)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_CPU_CLOCK,
					.sample_period = 1000000000, .disabled = 1 };
	int event = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (event < 0)
		bad_scene("perf_event_open");
	return ioctl(event, PERF_EVENT_IOC_SET_BPF, atoi(argument[0])) ? refused("ioctl") : 0;
}

static int run_socket_attach(char **argument)
{
	int pair[2], fd = atoi(argument[0]);

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		bad_scene("socketpair");
	return setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_BPF, &fd, sizeof(fd)) ? refused("setsockopt") : 0;
}

/* Loads, and sends the descriptor to a program that did not: PROGRAM bpf-receive FD. */
static int run_send(char **argument)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = {}, number[12];
	char *words[] = { argument[0], "bpf-receive", number, NULL };
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *control = CMSG_FIRSTHDR(&message);
	int pair[2], fd = prog_load(BPF_PROG_TYPE_SOCKET_FILTER);

	if (fd < 0)
		return refused("bpf");
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		bad_scene("socketpair");
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(control), &fd, sizeof(fd));
	if (sendmsg(pair[0], &message, 0) != 1)
		bad_scene("sendmsg");
	/* The receiver keeps the process's number, by which it is told. */
	snprintf(number, sizeof(number), "%d", pair[1]);
	execv(words[0], words);
	bad_scene(words[0]);
}

static int run_receive(char **argument)
{
	char byte, room[CMSG_SPACE(sizeof(int))] = {};
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };

	if (recvmsg(atoi(argument[0]), &message, 0) != 1)
		bad_scene("recvmsg");
	/* A refused descriptor is not an error: it is left out. */
	if (!CMSG_FIRSTHDR(&message) || message.msg_flags & MSG_CTRUNC) {
		errno = EPERM;
		return refused("recvmsg");
	}
	return 0;
}

/* Holds a program and a map, says so, and when told to go on uses BPF once more. */
static int run_hold(char **argument __attribute__((unused)))
{
	int fd = prog_load(BPF_PROG_TYPE_SOCKET_FILTER);

	if (fd < 0)
		return refused("bpf");
	if (dup2(fd, 100) != 100 || map_create() < 0)
		bad_scene("hold");
	hold();
	return run_map_create(NULL);
}

/* What run_hold() keeps at 100. */
static int run_getfd(char **argument)
{
	int pidfd = syscall(SYS_pidfd_open, atoi(argument[0]), 0);

	if (pidfd < 0)
		bad_scene("pidfd_open");
	return syscall(SYS_pidfd_getfd, pidfd, 100, 0) < 0 ? refused("pidfd_getfd") : 0;
}

static int run_attach(char **argument)
{
	pid_t target = atoi(argument[0]);

	if (ptrace(PTRACE_ATTACH, target, 0, 0))
		return refused("ptrace");
	waitpid(target, NULL, __WALL);
	ptrace(PTRACE_DETACH, target, 0, 0);
	return 0;
}

static int run_memory(char **argument)
{
	char path[64], byte = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/mem", argument[0]);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return refused("open");
	/* The first page of a program that is not position-independent. */
	return pwrite(fd, &byte, 0, 0x400000) < 0 ? refused("pwrite") : 0;
}

/* Has a program run under a tracer: PROGRAM NAME. */
static int run_traced(char **argument)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0))
			_exit(refused("ptrace"));
		execv(argument[0], argument);
		_exit(BAD_SCENE);
	}
	if (child < 0)
		bad_scene("fork");
	printf("%d\n", child);
	for (;;) {
		if (waitpid(child, &status, 0) != child)
			bad_scene("waitpid");
		if (WIFEXITED(status))
			return WEXITSTATUS(status);
		if (ptrace(PTRACE_CONT, child, 0, 0))
			bad_scene("continue");
	}
}

static int run_mapped(char **argument)
{
	int fd = must_open(argument[0], O_RDONLY);

	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		bad_scene("mmap");
	return run_map_create(NULL);
}

static int run_protected(char **argument)
{
	int fd = must_open(argument[0], O_RDONLY);
	void *code = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	if (code == MAP_FAILED || mprotect(code, 4096, PROT_READ | PROT_EXEC))
		bad_scene("mprotect");
	return run_map_create(NULL);
}

static int run_signal(char **argument)
{
	return kill(atoi(argument[0]), atoi(argument[1])) ? refused("kill") : 0;
}

/* A keyring of its own, with one certificate. */
static long own_keyring(const char *certificate)
{
	static char bytes[8192];
	int fd = must_open(certificate, O_RDONLY);
	ssize_t length = read(fd, bytes, sizeof(bytes));
	long keyring = syscall(SYS_add_key, "keyring", "own", NULL, 0, KEY_SPEC_PROCESS_KEYRING);

	if (length <= 0 || keyring < 0 || syscall(SYS_add_key, "asymmetric", NULL, bytes, length, keyring) < 0)
		bad_scene("own keyring");
	return keyring;
}

/*
 * Loads `r0 = NUMBER; exit`, which was signed as `r0 = 0; exit`: a program of type TYPE, by a keyring's serial, or one of its own with a
 * certificate in it.
 */
static int run_load_signed(char **argument)
{
	static char signature[1 << 15];
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = atoi(argument[3]) },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct prog_attr attr = { .type = atoi(argument[2]), .count = 2, .code = (uintptr_t)code, .licence = (uintptr_t)"GPL" };
	int fd;

	if (attr.type == BPF_PROG_TYPE_SYSCALL)
		attr.flags = BPF_F_SLEEPABLE;
	if (strcmp(argument[1], "none")) {
		fd = must_open(argument[1], O_RDONLY);
		attr.signature_size = read(fd, signature, sizeof(signature));
		attr.signature = (uintptr_t)signature;
		attr.keyring = *argument[0] == '/' ? own_keyring(argument[0]) : atol(argument[0]);
	}
	return BPF(BPF_PROG_LOAD, &attr) < 0 ? refused("bpf") : 0;
}

const struct attack bpf_attacks[] = {
	{ "signal", "PID NUMBER", run_signal },
	{ "bpf-load-signed", "KEYRING SIGNATURE TYPE NUMBER", run_load_signed },
	{ "bpf-map-create", "", run_map_create },
	{ "bpf-prog-load", "", run_prog_load },
	{ "bpf-command", "NUMBER", run_command },
	{ "bpf-obj-get", "PATH", run_obj_get },
	{ "bpf-by-id", "KIND", run_by_id },
	{ "bpf-pin", "PATH", run_pin },
	{ "bpf-pin-program", "PATH", run_pin_program },
	{ "bpf-pin-cgroup", "CGROUP PATH", run_pin_cgroup },
	{ "bpf-hold-cgroup", "CGROUP", run_hold_cgroup },
	{ "socket-in", "CGROUP", run_socket_in },
	{ "bpf-in-fork", "", run_in_fork },
	{ "bpf-in-thread", "", run_in_thread },
	{ "bpf-exec", "PROGRAM NAME ...", run_exec },
	{ "bpf-leak", "PROGRAM NAME", run_leak },
	{ "perf-attach", "FD", run_perf_attach },
	{ "socket-attach", "FD", run_socket_attach },
	{ "bpf-send", "PROGRAM", run_send },
	{ "bpf-receive", "FD", run_receive },
	{ "bpf-hold", "", run_hold },
	{ "bpf-getfd", "PID", run_getfd },
	{ "trace-attach", "PID", run_attach },
	{ "trace-memory", "PID", run_memory },
	{ "trace-exec", "PROGRAM NAME ...", run_traced },
	{ "bpf-mapped", "FILE", run_mapped },
	{ "bpf-protected", "FILE", run_protected },
	{}
};
