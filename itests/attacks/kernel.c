/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* What root may do to a running kernel, and to other processes, by system calls. */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER_KTIME_GET_NS 5

/* Prints what personality(2) answers: 0, unless it is diverted. */
static int ask_personality(__attribute__((unused)) char **a)
{
	printf("%x\n", personality(0xffffffff));
	fflush(stdout);
	return 0;
}

static int attach_filter(__attribute__((unused)) char **a)
{
	struct sock_filter accept = BPF_STMT(BPF_RET | BPF_K, 0xffff);
	struct sock_fprog program = { .len = 1, .filter = &accept };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		bad_scene("socket");
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? refused("setsockopt") : 0;
}

/* Writes into a child of its own, and looks there for what it wrote. */
static int ptrace_poke(__attribute__((unused)) char **a)
{
	static volatile long victim = 1;
	pid_t child = fork();
	int status;

	if (child < 0)
		bad_scene("fork");
	if (!child)
		for (;;)
			pause();
	if (ptrace(PTRACE_ATTACH, child, 0, 0))
		return refused("PTRACE_ATTACH");
	waitpid(child, &status, 0);
	if (ptrace(PTRACE_POKEDATA, child, &victim, 0x5eedL))
		return refused("PTRACE_POKEDATA");
	if (ptrace(PTRACE_PEEKDATA, child, &victim, 0) != 0x5eed)
		bad_scene("PTRACE_PEEKDATA");
	ptrace(PTRACE_KILL, child, 0, 0);
	printf("%d\n", child);
	fflush(stdout);
	return 0;
}

static unsigned int event_type(const char *kind)
{
	char path[128];
	unsigned int type;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", kind);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%u", &type) != 1)
		bad_scene(path);
	fclose(file);
	return type;
}

static int perf_probe(const char *kind, const char *where, unsigned long offset)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .type = event_type(kind) };
	int fd;

	attr.config1 = (unsigned long)where;
	attr.config2 = offset;
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return refused("perf_event_open");
	close(fd);
	return 0;
}

static int perf_kprobe(char **a) { return perf_probe("kprobe", a[0], 0); }
static int perf_uprobe(char **a) { return perf_probe("uprobe", a[0], strtoul(a[1], NULL, 0)); }

/* A socket filter that asks what time it is. */
static int load_bpf(__attribute__((unused)) char **a)
{
	struct bpf_insn code[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = HELPER_KTIME_GET_NS },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (unsigned long)code;
	attr.insn_cnt = sizeof(code) / sizeof(*code);
	attr.license = (unsigned long)"GPL";
	strcpy(attr.prog_name, "attack");
	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)) < 0 ? refused("BPF_PROG_LOAD") : 0;
}

/* One that the verifier refuses: it leaves no result. */
static int load_bad_bpf(__attribute__((unused)) char **a)
{
	struct bpf_insn code[] = { { .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (unsigned long)code;
	attr.insn_cnt = 1;
	attr.license = (unsigned long)"GPL";
	strcpy(attr.prog_name, "bad");
	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)) < 0 ? refused("BPF_PROG_LOAD") : 0;
}

/* Starts a program and waits for its end, as often as said. */
static int spawn(char **a)
{
	char *arguments[] = { a[1], "true", NULL };
	int status;
	pid_t child;

	for (long count = atol(a[0]); count > 0; count--) {
		if ((errno = posix_spawn(&child, a[1], NULL, NULL, arguments, environ)))
			return refused("posix_spawn");
		if (waitpid(child, &status, 0) < 0 || status)
			bad_scene(a[1]);
	}
	return 0;
}

/* Dies of a bad access, which makes the kernel write or pipe a core. */
static int crash(__attribute__((unused)) char **a)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		bad_scene("fork");
	if (!child) {
		raise(SIGSEGV);
		_exit(0);
	}
	if (waitpid(child, &status, 0) < 0 || !WIFSIGNALED(status))
		bad_scene("crash");
	printf("%s\n", WCOREDUMP(status) ? "core" : "none");
	fflush(stdout);
	return 0;
}

const struct attack kernel_attacks[] = {
	{ "personality", "", ask_personality },
	{ "attach-filter", "", attach_filter },
	{ "ptrace-poke", "", ptrace_poke },
	{ "perf-kprobe", "FUNCTION", perf_kprobe },
	{ "perf-uprobe", "FILE OFFSET", perf_uprobe },
	{ "load-bpf", "", load_bpf },
	{ "load-bad-bpf", "", load_bad_bpf },
	{ "spawn", "COUNT PROGRAM", spawn },
	{ "crash", "", crash },
	{ NULL }
};
