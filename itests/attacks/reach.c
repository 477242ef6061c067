/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The same content by other roads: descriptors that carry no rights, file handles, other mounts, roots and namespaces. */
#define _GNU_SOURCE
#include "attack.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags);
}

/* An O_PATH descriptor is had without any permission on the file. */
static int proc_fd_write(char **a)
{
	return write_breach(reopen(must_open(a[0], O_PATH), O_WRONLY), "open /proc/self/fd");
}

static int proc_fd_read(char **a)
{
	int fd = reopen(must_open(a[0], O_PATH), O_RDONLY);

	return fd < 0 ? refused("open /proc/self/fd") : print_content(fd);
}

/* From a descriptor for reading, got rightfully, to one for writing. */
static int proc_fd_upgrade(char **a)
{
	int fd = must_open(a[0], O_RDONLY);

	return write_breach(reopen(fd, O_WRONLY), "open /proc/self/fd");
}

static int by_handle(const char *path, const char *mount, int cold, int flags)
{
	struct file_handle *handle = malloc(sizeof(*handle) + MAX_HANDLE_SZ);
	int mount_id, fd, folder = must_open(mount, O_RDONLY | O_DIRECTORY);

	if (!handle)
		bad_scene("memory");
	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, path, handle, &mount_id, 0))
		bad_scene("name_to_handle_at");
	if (cold) {
		/* What is not in the directory cache comes back without its parents. */
		sync();
		fd = must_open("/proc/sys/vm/drop_caches", O_WRONLY);
		if (write(fd, "2", 1) != 1)
			bad_scene("drop_caches");
		close(fd);
	}
	return open_by_handle_at(folder, handle, flags);
}

static int handle_write(char **a)
{
	return write_breach(by_handle(a[0], a[1], 0, O_WRONLY), "open_by_handle_at");
}

static int handle_cold_write(char **a)
{
	return write_breach(by_handle(a[0], a[1], 1, O_WRONLY), "open_by_handle_at");
}

static int handle_read(char **a)
{
	int fd = by_handle(a[0], a[1], 0, O_RDONLY);

	return fd < 0 ? refused("open_by_handle_at") : print_content(fd);
}

void leave_mounts(int more)
{
	if (unshare(CLONE_NEWNS | more) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		bad_scene("unshare");
}

static int namespace_write(char **a)
{
	leave_mounts(0);
	return write_breach(open(a[0], O_WRONLY), "open");
}

static int user_namespace_write(char **a)
{
	leave_mounts(CLONE_NEWUSER);
	return write_breach(open(a[0], O_WRONLY), "open");
}

/* The same folder at another place, where no path of the policy leads. */
static int alias_write(char **a)
{
	leave_mounts(0);
	if (mount(a[0], a[2], NULL, MS_BIND, NULL))
		return refused("mount --bind");
	if (chdir(a[2]))
		bad_scene(a[2]);
	return write_breach(open(a[1], O_WRONLY), "open");
}

static int alias_create(char **a)
{
	leave_mounts(0);
	if (mount(a[0], a[2], NULL, MS_BIND, NULL))
		return refused("mount --bind");
	if (chdir(a[2]))
		bad_scene(a[2]);
	return write_breach(open(a[1], O_WRONLY | O_CREAT | O_EXCL, 0644), "open");
}

static int chroot_write(char **a)
{
	if (chroot(a[0]) || chdir("/"))
		bad_scene("chroot");
	return write_breach(open(a[1], O_WRONLY), "open");
}

/* Through a symbolic link that the attacker owns. */
static int symlink_write(char **a)
{
	if (symlink(a[0], a[1]))
		bad_scene("symlink");
	return write_breach(open(a[1], O_WRONLY), "open");
}

static int proc_root_write(char **a)
{
	char path[4096];

	snprintf(path, sizeof(path), "/proc/self/root%s", a[0]);
	return write_breach(open(path, O_WRONLY), "open");
}

static int proc_cwd_write(char **a)
{
	char path[4096];

	if (chdir(a[0]))
		bad_scene(a[0]);
	snprintf(path, sizeof(path), "/proc/self/cwd/%s", a[1]);
	return write_breach(open(path, O_WRONLY), "open");
}

static void folder_at(char *path, size_t room, const char *parent, const char *name)
{
	snprintf(path, room, "%s/%s", parent, name);
	if (mkdir(path, 0755))
		bad_scene(path);
}

/* An overlay file system of the attacker's own, with the guarded folder as a layer: upper, or below an empty one. */
static int layered(char **a, int upper, int flags)
{
	char lower[1024], work[1024], merged[1024], options[4096];

	folder_at(lower, sizeof(lower), a[2], "lower");
	folder_at(work, sizeof(work), a[2], "work");
	folder_at(merged, sizeof(merged), a[2], "merged");
	leave_mounts(0);
	if (upper)
		snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", lower, a[0], work);
	else
		snprintf(options, sizeof(options), "lowerdir=%s:%s", lower, a[0]);
	if (mount("overlay", merged, "overlay", 0, options))
		bad_scene("mount overlay");
	if (chdir(merged))
		bad_scene(merged);
	return open(a[1], flags);
}

static int layer_write(char **a)
{
	return write_breach(layered(a, 1, O_WRONLY), "open in overlay");
}

static int layer_read(char **a)
{
	int fd = layered(a, 0, O_RDONLY);

	return fd < 0 ? refused("open in overlay") : print_content(fd);
}

const struct attack reach_attacks[] = {
	{ "proc-fd-write", "FILE", proc_fd_write },
	{ "proc-fd-read", "FILE", proc_fd_read },
	{ "proc-fd-upgrade", "FILE", proc_fd_upgrade },
	{ "handle-write", "FILE MOUNTED", handle_write },
	{ "handle-cold-write", "FILE MOUNTED", handle_cold_write },
	{ "handle-read", "FILE MOUNTED", handle_read },
	{ "namespace-write", "FILE", namespace_write },
	{ "user-namespace-write", "FILE", user_namespace_write },
	{ "alias-write", "FOLDER NAME ALIAS", alias_write },
	{ "alias-create", "FOLDER NAME ALIAS", alias_create },
	{ "chroot-write", "FOLDER NAME", chroot_write },
	{ "symlink-write", "FILE NEW", symlink_write },
	{ "proc-root-write", "FILE", proc_root_write },
	{ "proc-cwd-write", "FOLDER NAME", proc_cwd_write },
	{ "layer-write", "FOLDER NAME OUTSIDE", layer_write },
	{ "layer-read", "FOLDER NAME OUTSIDE", layer_read },
	{ 0 },
};
