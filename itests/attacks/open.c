/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Content, through a descriptor that is opened for it: every way of asking the kernel to open a path, and what then writes. */
#define _GNU_SOURCE
#include "attack.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int open_write(char **a)
{
	return write_breach(open(a[0], O_WRONLY), "open");
}

static int open_rdwr(char **a)
{
	return write_breach(open(a[0], O_RDWR), "open");
}

static int open_append(char **a)
{
	return write_breach(open(a[0], O_WRONLY | O_APPEND), "open");
}

static int open_truncate(char **a)
{
	int fd = open(a[0], O_WRONLY | O_TRUNC);

	if (fd < 0)
		return refused("open");
	close(fd);
	return 0;
}

/* O_TRUNC empties a file even when it is opened for reading only. */
static int open_read_truncate(char **a)
{
	int fd = open(a[0], O_RDONLY | O_TRUNC);

	if (fd < 0)
		return refused("open");
	close(fd);
	return 0;
}

static int creat_over(char **a)
{
	return write_breach(creat(a[0], 0644), "creat");
}

static int openat2_from(int folder, const char *path, unsigned long long flags, unsigned long long mode,
			unsigned long long resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	return syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

static int openat2_path(const char *path, unsigned long long flags, unsigned long long mode)
{
	return openat2_from(AT_FDCWD, path, flags, mode, RESOLVE_NO_SYMLINKS);
}

static int openat2_write(char **a)
{
	return write_breach(openat2_path(a[0], O_WRONLY, 0), "openat2");
}

static int openat2_beneath(char **a)
{
	int folder = must_open(a[0], O_PATH | O_DIRECTORY);

	return write_breach(openat2_from(folder, a[1], O_WRONLY, 0, RESOLVE_BENEATH | RESOLVE_NO_XDEV), "openat2 RESOLVE_BENEATH");
}

static int openat2_in_root(char **a)
{
	int folder = must_open(a[0], O_PATH | O_DIRECTORY);

	return write_breach(openat2_from(folder, a[1], O_WRONLY, 0, RESOLVE_IN_ROOT), "openat2 RESOLVE_IN_ROOT");
}

static int openat2_create(char **a)
{
	return write_breach(openat2_path(a[0], O_WRONLY | O_CREAT | O_EXCL, 0644), "openat2");
}

static int open_create(char **a)
{
	return write_breach(open(a[0], O_WRONLY | O_CREAT | O_EXCL, 0644), "open");
}

static int openat_below(char **a)
{
	int folder = must_open(a[0], O_PATH | O_DIRECTORY);

	return write_breach(openat(folder, a[1], O_WRONLY), "openat");
}

static int truncate_path(char **a)
{
	return truncate(a[0], 3) ? refused("truncate") : 0;
}

static int ftruncate_held(char **a)
{
	int fd = must_open(a[0], O_WRONLY);

	hold();
	return ftruncate(fd, 3) ? refused("ftruncate") : 0;
}

static int fallocate_punch(char **a)
{
	int fd = open(a[0], O_RDWR);

	if (fd < 0)
		return refused("open");
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 4))
		return refused("fallocate");
	return 0;
}

static int fallocate_zero(char **a)
{
	int fd = open(a[0], O_RDWR);

	if (fd < 0)
		return refused("open");
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_ZERO_RANGE, 0, 4))
		return refused("fallocate");
	return 0;
}

static int copy_range(char **a)
{
	int from = must_open(a[0], O_RDONLY), to = open(a[1], O_WRONLY);
	struct stat size;

	if (to < 0)
		return refused("open");
	if (fstat(from, &size))
		bad_scene(a[0]);
	if (copy_file_range(from, NULL, to, NULL, size.st_size, 0) < 0)
		return refused("copy_file_range");
	return 0;
}

static int send_file(char **a)
{
	int from = must_open(a[0], O_RDONLY), to = open(a[1], O_WRONLY);

	if (to < 0)
		return refused("open");
	if (sendfile(to, from, NULL, 4096) < 0)
		return refused("sendfile");
	return 0;
}

static int splice_into(char **a)
{
	int pipe_ends[2], to = open(a[0], O_WRONLY);

	if (to < 0)
		return refused("open");
	if (pipe(pipe_ends) || write(pipe_ends[1], BREACH, 7) != 7)
		bad_scene("pipe");
	if (splice(pipe_ends[0], NULL, to, NULL, 7, 0) < 0)
		return refused("splice");
	return 0;
}

static int vmsplice_into(char **a)
{
	struct iovec memory = { BREACH, sizeof(BREACH) - 1 };
	int pipe_ends[2], to = open(a[0], O_WRONLY);

	if (to < 0)
		return refused("open");
	if (pipe(pipe_ends) || vmsplice(pipe_ends[1], &memory, 1, 0) < 0)
		bad_scene("vmsplice");
	if (splice(pipe_ends[0], NULL, to, NULL, memory.iov_len, 0) < 0)
		return refused("splice");
	return 0;
}

static int open_read(char **a)
{
	int fd = open(a[0], O_RDONLY);

	return fd < 0 ? refused("open") : print_content(fd);
}

static int openat2_read(char **a)
{
	int fd = openat2_path(a[0], O_RDONLY, 0);

	return fd < 0 ? refused("openat2") : print_content(fd);
}

static int send_file_out(char **a)
{
	int from = open(a[0], O_RDONLY), pipe_ends[2];

	if (from < 0)
		return refused("open");
	if (pipe(pipe_ends))
		bad_scene("pipe");
	if (sendfile(pipe_ends[1], from, NULL, 4096) < 0)
		return refused("sendfile");
	close(pipe_ends[1]);
	return print_content(pipe_ends[0]);
}

static int read_folder(char **a)
{
	int fd = open(a[0], O_RDONLY | O_DIRECTORY);

	return fd < 0 ? refused("open") : print_names(fd);
}

const struct attack open_attacks[] = {
	{ "open-write", "FILE", open_write },
	{ "open-rdwr", "FILE", open_rdwr },
	{ "open-append", "FILE", open_append },
	{ "open-truncate", "FILE", open_truncate },
	{ "open-read-truncate", "FILE", open_read_truncate },
	{ "creat-over", "FILE", creat_over },
	{ "openat2-write", "FILE", openat2_write },
	{ "openat2-beneath", "FOLDER NAME", openat2_beneath },
	{ "openat2-in-root", "FOLDER NAME", openat2_in_root },
	{ "openat2-create", "NEW", openat2_create },
	{ "open-create", "NEW", open_create },
	{ "openat-below", "FOLDER NAME", openat_below },
	{ "truncate", "FILE", truncate_path },
	{ "ftruncate-held", "FILE", ftruncate_held },
	{ "fallocate-punch", "FILE", fallocate_punch },
	{ "fallocate-zero", "FILE", fallocate_zero },
	{ "copy-file-range", "FROM FILE", copy_range },
	{ "sendfile-into", "FROM FILE", send_file },
	{ "splice-into", "FILE", splice_into },
	{ "vmsplice-into", "FILE", vmsplice_into },
	{ "open-read", "FILE", open_read },
	{ "openat2-read", "FILE", openat2_read },
	{ "sendfile-out", "FILE", send_file_out },
	{ "read-folder", "FOLDER", read_folder },
	{ 0 },
};
