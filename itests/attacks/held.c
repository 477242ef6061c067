/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Descriptors and mappings got before a policy, by this process or by one that hands them on. */
#define _GNU_SOURCE
#include "attack.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAPPED 4096

static int write_held(char **a)
{
	int fd = must_open(a[0], O_WRONLY);

	hold();
	return write_breach(fd, "open");
}

static int read_held(char **a)
{
	int fd = must_open(a[0], O_RDONLY);

	hold();
	return print_content(fd);
}

static int read_folder_held(char **a)
{
	int fd = must_open(a[0], O_RDONLY | O_DIRECTORY);

	hold();
	return print_names(fd);
}

static int fallocate_held(char **a)
{
	int fd = must_open(a[0], O_RDWR);

	hold();
	return fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 4) ? refused("fallocate") : 0;
}

static int copy_range_held(char **a)
{
	int from = must_open(a[0], O_RDONLY), to = must_open(a[1], O_WRONLY);

	hold();
	return copy_file_range(from, NULL, to, NULL, 5, 0) < 0 ? refused("copy_file_range") : 0;
}

static int splice_held(char **a)
{
	int pipe_ends[2], to = must_open(a[0], O_WRONLY);

	if (pipe(pipe_ends) || write(pipe_ends[1], BREACH, 7) != 7)
		bad_scene("pipe");
	hold();
	return splice(pipe_ends[0], NULL, to, NULL, 7, 0) < 0 ? refused("splice") : 0;
}

static int send_file_out_held(char **a)
{
	int from = must_open(a[0], O_RDONLY), pipe_ends[2];

	if (pipe(pipe_ends))
		bad_scene("pipe");
	hold();
	if (sendfile(pipe_ends[1], from, NULL, 4096) < 0)
		return refused("sendfile");
	close(pipe_ends[1]);
	return print_content(pipe_ends[0]);
}

/* A mapping needs its descriptor no more, and the kernel is not asked again. */
static int mapped_write(char **a)
{
	char *memory = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED, must_open(a[0], O_RDWR), 0);

	if (memory == MAP_FAILED)
		bad_scene("mmap");
	hold();
	memcpy(memory, BREACH, strlen(BREACH));
	return msync(memory, MAPPED, MS_SYNC) ? refused("msync") : 0;
}

static int map_read_held(char **a)
{
	int fd = must_open(a[0], O_RDONLY);
	char *memory;

	hold();
	memory = mmap(NULL, MAPPED, PROT_READ, MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		return refused("mmap");
	printf("%s", memory);
	return 0;
}

/* A child that has the file open for writing until the parent ends. */
static pid_t holder(const char *path, int *fd)
{
	pid_t child;

	*fd = must_open(path, O_WRONLY);
	child = fork();
	if (child < 0)
		bad_scene("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	close(*fd);
	return child;
}

static int take_descriptor(char **a)
{
	int fd, taken;
	pid_t child = holder(a[0], &fd);

	hold();
	taken = syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, child, 0), fd, 0);
	return write_breach(taken, "pidfd_getfd");
}

union passage {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void pass(int socket, int fd)
{
	union passage passage = {};
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = passage.room, .msg_controllen = sizeof(passage.room),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) != 1)
		bad_scene("sendmsg");
}

static int accept_passed(int socket)
{
	union passage passage = {};
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = passage.room, .msg_controllen = sizeof(passage.room),
	};
	int fd = -1;

	if (recvmsg(socket, &message, 0) != 1)
		bad_scene("recvmsg");
	if (CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* SCM_RIGHTS: sent before the policy, received after it. */
static int passed_write(char **a)
{
	int ends[2], fd = must_open(a[0], O_WRONLY);

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))
		bad_scene("socketpair");
	pass(ends[0], fd);
	close(fd);
	hold();
	return write_breach(accept_passed(ends[1]), "recvmsg");
}

const struct attack held_attacks[] = {
	{ "write-held", "FILE", write_held },
	{ "read-held", "FILE", read_held },
	{ "read-folder-held", "FOLDER", read_folder_held },
	{ "fallocate-held", "FILE", fallocate_held },
	{ "copy-range-held", "FROM FILE", copy_range_held },
	{ "splice-held", "FILE", splice_held },
	{ "sendfile-out-held", "FILE", send_file_out_held },
	{ "mapped-write", "FILE", mapped_write },
	{ "mmap-read-held", "FILE", map_read_held },
	{ "pidfd-getfd-write", "FILE", take_descriptor },
	{ "passed-write", "FILE", passed_write },
	{ 0 },
};
