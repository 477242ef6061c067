/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The same operations asked for through io_uring, where no system call of their own is seen. */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Submits one request and waits for it: its result as the request's own call would give it, errno set when below 0. */
static int submit(const struct io_uring_sqe *request, const char *what)
{
	struct io_uring_params p = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &p);
	struct io_uring_sqe *entries;
	char *sq, *cq;
	unsigned int head;
	int result;

	if (ring < 0)
		bad_scene("io_uring_setup");
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(__u32), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_CQ_RING);
	entries = mmap(NULL, p.sq_entries * sizeof(*entries), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || entries == MAP_FAILED)
		bad_scene("mmap of the ring");
	entries[0] = *request;
	((__u32 *)(sq + p.sq_off.array))[0] = 0;
	__atomic_store_n((__u32 *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		bad_scene("io_uring_enter");
	head = __atomic_load_n((__u32 *)(cq + p.cq_off.head), __ATOMIC_ACQUIRE);
	if (head == __atomic_load_n((__u32 *)(cq + p.cq_off.tail), __ATOMIC_ACQUIRE))
		bad_scene(what);
	result = ((struct io_uring_cqe *)(cq + p.cq_off.cqes))[head & *(__u32 *)(cq + p.cq_off.ring_mask)].res;
	if (result < 0) {
		errno = -result;
		return -1;
	}
	return result;
}

static unsigned long long at(const void *address)
{
	return (unsigned long)address;
}

static int uring_open(const char *path, int flags)
{
	struct io_uring_sqe s = {
		.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = at(path), .open_flags = flags, .len = 0644,
	};

	return submit(&s, "openat");
}

static int uring_open_write(char **a)
{
	return write_breach(uring_open(a[0], O_WRONLY), "io_uring openat");
}

static int uring_create(char **a)
{
	return write_breach(uring_open(a[0], O_WRONLY | O_CREAT | O_EXCL), "io_uring openat");
}

static int uring_read(char **a)
{
	int fd = uring_open(a[0], O_RDONLY);

	return fd < 0 ? refused("io_uring openat") : print_content(fd);
}

static int uring_unlink(char **a)
{
	struct io_uring_sqe s = { .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = at(a[0]) };

	return submit(&s, "unlinkat") < 0 ? refused("io_uring unlinkat") : 0;
}

static int uring_rmdir(char **a)
{
	struct io_uring_sqe s = {
		.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = at(a[0]), .unlink_flags = AT_REMOVEDIR,
	};

	return submit(&s, "unlinkat") < 0 ? refused("io_uring unlinkat AT_REMOVEDIR") : 0;
}

static int uring_rename(char **a)
{
	struct io_uring_sqe s = {
		.opcode = IORING_OP_RENAMEAT, .fd = AT_FDCWD, .addr = at(a[0]), .len = AT_FDCWD, .addr2 = at(a[1]),
	};

	return submit(&s, "renameat") < 0 ? refused("io_uring renameat") : 0;
}

static int uring_link(char **a)
{
	struct io_uring_sqe s = {
		.opcode = IORING_OP_LINKAT, .fd = AT_FDCWD, .addr = at(a[0]), .len = AT_FDCWD, .addr2 = at(a[1]),
	};

	return submit(&s, "linkat") < 0 ? refused("io_uring linkat") : 0;
}

static int uring_mkdir(char **a)
{
	struct io_uring_sqe s = { .opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .addr = at(a[0]), .len = 0755 };

	return submit(&s, "mkdirat") < 0 ? refused("io_uring mkdirat") : 0;
}

static int uring_symlink(char **a)
{
	struct io_uring_sqe s = { .opcode = IORING_OP_SYMLINKAT, .fd = AT_FDCWD, .addr = at(a[0]), .addr2 = at(a[1]) };

	return submit(&s, "symlinkat") < 0 ? refused("io_uring symlinkat") : 0;
}

static int uring_setxattr(char **a)
{
	struct io_uring_sqe s = {
		.opcode = IORING_OP_SETXATTR, .addr = at(a[1]), .addr2 = at(BREACH), .addr3 = at(a[0]), .len = strlen(BREACH),
	};

	return submit(&s, "setxattr") < 0 ? refused("io_uring setxattr") : 0;
}

/* Newer than this machine's headers may be. */
#define OP_FTRUNCATE 55	/* 6.9 */

static int uring_ftruncate_held(char **a)
{
	struct io_uring_sqe s = { .opcode = OP_FTRUNCATE, .fd = must_open(a[0], O_WRONLY), .off = 3 };

	hold();
	return submit(&s, "ftruncate") < 0 ? refused("io_uring ftruncate") : 0;
}

static int uring_openat2_write(char **a)
{
	struct open_how how = { .flags = O_WRONLY };
	struct io_uring_sqe s = {
		.opcode = IORING_OP_OPENAT2, .fd = AT_FDCWD, .addr = at(a[0]), .len = sizeof(how), .addr2 = at(&how),
	};

	return write_breach(submit(&s, "openat2"), "io_uring openat2");
}

static int uring_fsetxattr(char **a)
{
	struct io_uring_sqe s = {
		.opcode = IORING_OP_FSETXATTR, .fd = must_open(a[0], O_RDONLY), .addr = at(a[1]), .addr2 = at(BREACH),
		.len = strlen(BREACH),
	};

	return submit(&s, "fsetxattr") < 0 ? refused("io_uring fsetxattr") : 0;
}

static int uring_write_held(char **a)
{
	struct io_uring_sqe s = {
		.opcode = IORING_OP_WRITE, .fd = must_open(a[0], O_WRONLY), .addr = at(BREACH), .len = strlen(BREACH),
	};

	hold();
	return submit(&s, "write") < 0 ? refused("io_uring write") : 0;
}

static int uring_read_held(char **a)
{
	char buffer[4096];
	struct io_uring_sqe s = {
		.opcode = IORING_OP_READ, .fd = must_open(a[0], O_RDONLY), .addr = at(buffer), .len = sizeof(buffer),
	};
	int n;

	hold();
	n = submit(&s, "read");
	if (n < 0)
		return refused("io_uring read");
	if (write(STDOUT_FILENO, buffer, n) != n)
		bad_scene("standard output");
	return 0;
}

static int uring_fallocate_held(char **a)
{
	struct io_uring_sqe s = {
		.opcode = IORING_OP_FALLOCATE, .fd = must_open(a[0], O_RDWR), .addr = 4,
		.len = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
	};

	hold();
	return submit(&s, "fallocate") < 0 ? refused("io_uring fallocate") : 0;
}

const struct attack uring_attacks[] = {
	{ "uring-open-write", "FILE", uring_open_write },
	{ "uring-create", "NEW", uring_create },
	{ "uring-read", "FILE", uring_read },
	{ "uring-unlink", "FILE", uring_unlink },
	{ "uring-rmdir", "FOLDER", uring_rmdir },
	{ "uring-rename", "FROM TO", uring_rename },
	{ "uring-link", "FILE NEW", uring_link },
	{ "uring-mkdir", "NEW", uring_mkdir },
	{ "uring-symlink", "TARGET NEW", uring_symlink },
	{ "uring-setxattr", "FILE NAME", uring_setxattr },
	{ "uring-ftruncate-held", "FILE", uring_ftruncate_held },
	{ "uring-openat2-write", "FILE", uring_openat2_write },
	{ "uring-fsetxattr", "FILE NAME", uring_fsetxattr },
	{ "uring-write-held", "FILE", uring_write_held },
	{ "uring-read-held", "FILE", uring_read_held },
	{ "uring-fallocate-held", "FILE", uring_fallocate_held },
	{ 0 },
};
