/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* What the file system keeps beside the content: mode, owner, times, extended attributes, flags. */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Newer than this machine's headers may be. */
#define NR_FCHMODAT2 452	/* 6.6 */
#define NR_SETXATTRAT 463	/* 6.13 */
#define NR_REMOVEXATTRAT 466	/* 6.13 */
#define NR_FILE_SETATTR 469	/* 6.17 */

struct xattr_value {
	__aligned_u64 value;
	__u32 size;
	__u32 flags;
};

struct file_attributes {
	__u64 xflags;
	__u32 extent_size;
	__u32 extents;
	__u32 project;
	__u32 cow_extent_size;
};

static int change_mode(char **a)
{
	return chmod(a[0], 0777) ? refused("chmod") : 0;
}

static int change_mode_fd(char **a)
{
	return fchmod(must_open(a[0], O_RDONLY), 0777) ? refused("fchmod") : 0;
}

static int change_mode_at2(char **a)
{
	return syscall(NR_FCHMODAT2, AT_FDCWD, a[0], 0777, AT_SYMLINK_NOFOLLOW) ? refused("fchmodat2") : 0;
}

static int change_owner(char **a)
{
	return chown(a[0], 4711, 4711) ? refused("chown") : 0;
}

static int change_owner_empty_path(char **a)
{
	int fd = must_open(a[0], O_PATH);

	return fchownat(fd, "", 4711, 4711, AT_EMPTY_PATH) ? refused("fchownat AT_EMPTY_PATH") : 0;
}

static const struct timespec long_ago[2] = { { .tv_sec = 86400 }, { .tv_sec = 86400 } };

static int change_times(char **a)
{
	return utimensat(AT_FDCWD, a[0], long_ago, 0) ? refused("utimensat") : 0;
}

static int change_times_fd(char **a)
{
	return futimens(must_open(a[0], O_RDONLY), long_ago) ? refused("futimens") : 0;
}

static int set_attribute(char **a)
{
	return setxattr(a[0], a[1], BREACH, strlen(BREACH), 0) ? refused("setxattr") : 0;
}

static int set_attribute_fd(char **a)
{
	int fd = must_open(a[0], O_RDONLY);

	return fsetxattr(fd, a[1], BREACH, strlen(BREACH), 0) ? refused("fsetxattr") : 0;
}

static int set_attribute_at(char **a)
{
	struct xattr_value value = { (unsigned long)BREACH, sizeof(BREACH) - 1, 0 };

	if (syscall(NR_SETXATTRAT, AT_FDCWD, a[0], 0, a[1], &value, sizeof(value)))
		return refused("setxattrat");
	return 0;
}

static int remove_attribute(char **a)
{
	return removexattr(a[0], a[1]) ? refused("removexattr") : 0;
}

static int remove_attribute_at(char **a)
{
	return syscall(NR_REMOVEXATTRAT, AT_FDCWD, a[0], 0, a[1]) ? refused("removexattrat") : 0;
}

/* user::rw- user:4711:rwx group::r-- mask::rwx other::r-- */
static int set_acl(char **a)
{
	struct {
		struct posix_acl_xattr_header head;
		struct posix_acl_xattr_entry entry[5];
	} acl = {
		{ POSIX_ACL_XATTR_VERSION },
		{ { ACL_USER_OBJ, 6, 0 }, { ACL_USER, 7, 4711 }, { ACL_GROUP_OBJ, 4, 0 }, { ACL_MASK, 7, 0 }, { ACL_OTHER, 4, 0 } },
	};

	return setxattr(a[0], "system.posix_acl_access", &acl, sizeof(acl), 0) ? refused("setxattr posix_acl") : 0;
}

static int remove_acl(char **a)
{
	return removexattr(a[0], "system.posix_acl_access") ? refused("removexattr posix_acl") : 0;
}

/* chattr +d: harmless, so that the scene can still be cleared away. */
static int set_flags(char **a)
{
	int flags, fd = must_open(a[0], O_RDONLY);

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		bad_scene("ioctl FS_IOC_GETFLAGS");
	flags |= FS_NODUMP_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) ? refused("ioctl FS_IOC_SETFLAGS") : 0;
}

static int set_extended_flags(char **a)
{
	struct fsxattr x;
	int fd = must_open(a[0], O_RDONLY);

	if (ioctl(fd, FS_IOC_FSGETXATTR, &x))
		bad_scene("ioctl FS_IOC_FSGETXATTR");
	x.fsx_xflags |= FS_XFLAG_NODUMP;
	return ioctl(fd, FS_IOC_FSSETXATTR, &x) ? refused("ioctl FS_IOC_FSSETXATTR") : 0;
}

static int set_file_attributes(char **a)
{
	struct file_attributes x = { .xflags = FS_XFLAG_NODUMP };

	return syscall(NR_FILE_SETATTR, AT_FDCWD, a[0], &x, sizeof(x), 0) ? refused("file_setattr") : 0;
}

/* No attacks, but how their success is seen where Java has no word for it. */
static int show_flags(char **a)
{
	int flags;

	if (ioctl(must_open(a[0], O_RDONLY), FS_IOC_GETFLAGS, &flags))
		bad_scene("ioctl FS_IOC_GETFLAGS");
	printf("%#x\n", flags);
	return 0;
}

static int show_attribute(char **a)
{
	char value[4096];
	ssize_t n = getxattr(a[0], a[1], value, sizeof(value));

	if (n < 0 && errno != ENODATA)
		bad_scene("getxattr");
	for (ssize_t i = 0; i < n; i++)
		printf("%02x", (unsigned char)value[i]);
	puts(n < 0 ? "none" : "");
	return 0;
}

const struct attack attribute_attacks[] = {
	{ "chmod", "FILE", change_mode },
	{ "fchmod", "FILE", change_mode_fd },
	{ "fchmodat2", "FILE", change_mode_at2 },
	{ "chown", "FILE", change_owner },
	{ "fchownat-empty-path", "FILE", change_owner_empty_path },
	{ "utimensat", "FILE", change_times },
	{ "futimens", "FILE", change_times_fd },
	{ "setxattr", "FILE NAME", set_attribute },
	{ "fsetxattr", "FILE NAME", set_attribute_fd },
	{ "setxattrat", "FILE NAME", set_attribute_at },
	{ "removexattr", "FILE NAME", remove_attribute },
	{ "removexattrat", "FILE NAME", remove_attribute_at },
	{ "set-acl", "FILE", set_acl },
	{ "remove-acl", "FILE", remove_acl },
	{ "set-flags", "FILE", set_flags },
	{ "set-xflags", "FILE", set_extended_flags },
	{ "file-setattr", "FILE", set_file_attributes },
	{ "show-flags", "FILE", show_flags },
	{ "show-xattr", "FILE NAME", show_attribute },
	{ 0 },
};
