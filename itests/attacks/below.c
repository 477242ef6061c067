/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Where the kernel itself writes, or what lies below the file system. */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define SWAP_PAGES 64

/* No attack: gives a file the form that swapon takes. */
static int make_swap(char **a)
{
	static char pages[SWAP_PAGES * PAGE];
	unsigned int version_and_last[2] = { 1, SWAP_PAGES - 1 };
	int fd = must_open(a[0], O_WRONLY);

	memcpy(pages + 1024, version_and_last, sizeof(version_and_last));
	memcpy(pages + PAGE - 10, "SWAPSPACE2", 10);
	if (write(fd, pages, sizeof(pages)) != sizeof(pages) || fsync(fd))
		bad_scene("write");
	return 0;
}

/* What a program's memory holds would be written into the file. */
static int swap_on(char **a)
{
	if (swapon(a[0], 0))
		return refused("swapon");
	puts("swapped");
	fflush(stdout);
	if (swapoff(a[0]))
		bad_scene("swapoff");
	return 0;
}

static const char PATTERN[] = "/proc/sys/kernel/core_pattern";

static void set_pattern(const char *text, size_t length)
{
	int fd = must_open(PATTERN, O_WRONLY);

	if (write(fd, text, length) != (ssize_t)length)
		bad_scene(PATTERN);
	close(fd);
}

/* A dying program's memory, written by the kernel over the file that the pattern names. */
static int core_dump(char **a)
{
	char before[256];
	int fd = must_open(PATTERN, O_RDONLY), status;
	ssize_t length = read(fd, before, sizeof(before));
	pid_t child;

	if (length <= 0)
		bad_scene(PATTERN);
	set_pattern(a[1], strlen(a[1]));
	child = fork();
	if (child == 0) {
		struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

		if (setrlimit(RLIMIT_CORE, &unlimited) || chdir(a[0]))
			_exit(1);
		abort();
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
		status = -1;
	set_pattern(before, length);
	if (status == -1)
		bad_scene("abort");
	tell_actor(child);
	if (WCOREDUMP(status))
		return 0;
	/* A dying program is not told why. */
	errno = EPERM;
	return refused("core dump");
}

/* "/dev/NAME" of a device */
static void node_of(dev_t device, char *path, size_t room)
{
	char line[256], name[128];
	FILE *uevent;

	snprintf(line, sizeof(line), "/sys/dev/block/%u:%u/uevent", major(device), minor(device));
	uevent = fopen(line, "r");
	while (uevent && fgets(line, sizeof(line), uevent)) {
		if (sscanf(line, "DEVNAME=%127s", name) == 1) {
			snprintf(path, room, "/dev/%s", name);
			fclose(uevent);
			return;
		}
	}
	bad_scene("DEVNAME");
}

/* Around the file system: where the file's first block lies on the device. */
static int device_write(char **a)
{
	int file = must_open(a[0], O_RDONLY), block = 0, size, device;
	char path[256];
	struct stat about;

	if (fsync(file) || fstat(file, &about) || ioctl(file, FIBMAP, &block) || ioctl(file, FIGETBSZ, &size) || !block)
		bad_scene("FIBMAP");
	node_of(about.st_dev, path, sizeof(path));
	device = open(path, O_WRONLY);
	if (device < 0)
		return refused("open");
	if (pwrite(device, BREACH, strlen(BREACH), (off_t)block * size) < 0 || fsync(device))
		return refused("pwrite");
	close(device);
	if (posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED))
		bad_scene("posix_fadvise");
	return 0;
}

const struct attack below_attacks[] = {
	{ "make-swap", "FILE", make_swap },
	{ "swapon", "FILE", swap_on },
	{ "core-dump", "FOLDER NAME", core_dump },
	{ "device-write", "FILE", device_write },
	{ 0 },
};
