/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Names in folders: made, removed, moved, linked. */
#define _GNU_SOURCE
#include "attack.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static int make_folder(char **a)
{
	return mkdir(a[0], 0755) ? refused("mkdir") : 0;
}

static int make_fifo(char **a)
{
	return mknod(a[0], S_IFIFO | 0644, 0) ? refused("mknod") : 0;
}

static int make_device(char **a)
{
	return mknod(a[0], S_IFCHR | 0666, makedev(1, 3)) ? refused("mknod") : 0;
}

static int make_file_node(char **a)
{
	return mknod(a[0], S_IFREG | 0644, 0) ? refused("mknod") : 0;
}

static int make_symlink(char **a)
{
	return symlink(a[0], a[1]) ? refused("symlink") : 0;
}

/* The address holds 108 bytes, hence the name is relative to its folder. */
static int bind_socket(char **a)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || chdir(a[0]))
		bad_scene("socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", a[1]);
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) ? refused("bind") : 0;
}

static int link_descriptor(int fd, const char *target)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, AT_FDCWD, target, AT_SYMLINK_FOLLOW) ? refused("linkat") : 0;
}

/* A file without a name, filled, then given one. */
static int tmpfile_link(char **a)
{
	int fd = open(a[0], O_TMPFILE | O_WRONLY, 0644);

	if (fd < 0)
		return refused("open O_TMPFILE");
	if (write(fd, BREACH, strlen(BREACH)) < 0)
		return refused("write");
	return link_descriptor(fd, a[1]);
}

static int link_name(char **a)
{
	return link(a[0], a[1]) ? refused("link") : 0;
}

static int link_path_descriptor(char **a)
{
	int fd = must_open(a[0], O_PATH);

	return linkat(fd, "", AT_FDCWD, a[1], AT_EMPTY_PATH) ? refused("linkat AT_EMPTY_PATH") : 0;
}

static int link_proc_descriptor(char **a)
{
	return link_descriptor(must_open(a[0], O_PATH), a[1]);
}

static int unlink_name(char **a)
{
	return unlink(a[0]) ? refused("unlink") : 0;
}

static int unlinkat_name(char **a)
{
	int folder = must_open(a[0], O_PATH | O_DIRECTORY);

	return unlinkat(folder, a[1], 0) ? refused("unlinkat") : 0;
}

static int remove_folder(char **a)
{
	return rmdir(a[0]) ? refused("rmdir") : 0;
}

static int rename_name(char **a)
{
	return rename(a[0], a[1]) ? refused("rename") : 0;
}

static int rename_with(char **a, unsigned int flags, const char *call)
{
	return syscall(SYS_renameat2, AT_FDCWD, a[0], AT_FDCWD, a[1], flags) ? refused(call) : 0;
}

static int rename_exchange(char **a)
{
	return rename_with(a, RENAME_EXCHANGE, "renameat2 RENAME_EXCHANGE");
}

static int rename_noreplace(char **a)
{
	return rename_with(a, RENAME_NOREPLACE, "renameat2 RENAME_NOREPLACE");
}

static int rename_whiteout(char **a)
{
	return rename_with(a, RENAME_WHITEOUT, "renameat2 RENAME_WHITEOUT");
}

/* A whole attack of an editor or a package manager: the new content beside the old, then over it. */
static int replace(char **a)
{
	int result = write_breach(open(a[0], O_WRONLY | O_CREAT | O_EXCL, 0644), "open");

	return result ? result : rename_name(a);
}

const struct attack name_attacks[] = {
	{ "mkdir", "NEW", make_folder },
	{ "mknod-fifo", "NEW", make_fifo },
	{ "mknod-device", "NEW", make_device },
	{ "mknod-file", "NEW", make_file_node },
	{ "symlink", "TARGET NEW", make_symlink },
	{ "bind-socket", "FOLDER NAME", bind_socket },
	{ "tmpfile-link", "FOLDER NEW", tmpfile_link },
	{ "link", "FILE NEW", link_name },
	{ "link-path-fd", "FILE NEW", link_path_descriptor },
	{ "link-proc-fd", "FILE NEW", link_proc_descriptor },
	{ "unlink", "FILE", unlink_name },
	{ "unlinkat", "FOLDER NAME", unlinkat_name },
	{ "rmdir", "FOLDER", remove_folder },
	{ "rename", "FROM TO", rename_name },
	{ "rename-exchange", "ONE OTHER", rename_exchange },
	{ "rename-noreplace", "FROM TO", rename_noreplace },
	{ "rename-whiteout", "FROM TO", rename_whiteout },
	{ "replace", "NEW FILE", replace },
	{ 0 },
};
