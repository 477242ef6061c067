/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Covering a place: whoever follows the path then finds something else. */
#define _GNU_SOURCE
#include "attack.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bind_over(char **a)
{
	return mount(a[0], a[1], NULL, MS_BIND, NULL) ? refused("mount --bind") : 0;
}

static int tmpfs_over(char **a)
{
	return mount("tmpfs", a[0], "tmpfs", 0, NULL) ? refused("mount") : 0;
}

/* mount --move: what is moved is a bind mount of the first folder onto itself. */
static int move_over(char **a)
{
	if (mount(a[0], a[0], NULL, MS_BIND, NULL) || mount(NULL, a[0], NULL, MS_PRIVATE, NULL))
		bad_scene("mount --bind");
	return mount(a[0], a[1], NULL, MS_MOVE, NULL) ? refused("mount --move") : 0;
}

static int tree_over(char **a)
{
	int tree = open_tree(AT_FDCWD, a[0], OPEN_TREE_CLONE);

	if (tree < 0)
		bad_scene("open_tree");
	return move_mount(tree, "", AT_FDCWD, a[1], MOVE_MOUNT_F_EMPTY_PATH) ? refused("move_mount") : 0;
}

static int fsmount_over(char **a)
{
	int context = fsopen("tmpfs", FSOPEN_CLOEXEC), mounted;

	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		bad_scene("fsopen");
	mounted = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mounted < 0)
		bad_scene("fsmount");
	return move_mount(mounted, "", AT_FDCWD, a[0], MOVE_MOUNT_F_EMPTY_PATH) ? refused("move_mount") : 0;
}

static int overlay_over(char **a)
{
	char options[4096];

	snprintf(options, sizeof(options), "lowerdir=%s:%s", a[0], a[1]);
	return mount("overlay", a[2], "overlay", 0, options) ? refused("mount overlay") : 0;
}

/* The whole old root upon the place: seen by whoever lives in the new one. */
static int pivot_over(char **a)
{
	char path[4096];

	leave_mounts(0);
	if (mount(a[0], a[1], NULL, MS_BIND, NULL))
		bad_scene("mount --bind");
	snprintf(path, sizeof(path), "%s/%s", a[1], a[2]);
	if (syscall(SYS_pivot_root, a[1], path))
		return refused("pivot_root");
	puts("pivoted");
	return 0;
}

/* A read-only mount is no protection; that it can be made writable changes nothing for a rule. */
static int remount_write(char **a)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY }, writable = { .attr_clr = MOUNT_ATTR_RDONLY };
	char path[4096];

	leave_mounts(0);
	if (mount(a[0], a[2], NULL, MS_BIND, NULL) ||
	    syscall(SYS_mount_setattr, AT_FDCWD, a[2], 0, &read_only, sizeof(read_only)) ||
	    syscall(SYS_mount_setattr, AT_FDCWD, a[2], 0, &writable, sizeof(writable)))
		bad_scene("mount_setattr");
	snprintf(path, sizeof(path), "%s/%s", a[2], a[1]);
	return write_breach(open(path, O_WRONLY), "open");
}

/* mount --move of the very mount that the place lies in. */
static int move_away(char **a)
{
	return mount(a[0], a[1], NULL, MS_MOVE, NULL) ? refused("mount --move") : 0;
}

static int move_mount_away(char **a)
{
	return move_mount(AT_FDCWD, a[0], AT_FDCWD, a[1], 0) ? refused("move_mount") : 0;
}

static int unmount(char **a)
{
	return umount2(a[0], MNT_DETACH) ? refused("umount2") : 0;
}

const struct attack mount_attacks[] = {
	{ "bind-over", "FROM PLACE", bind_over },
	{ "tmpfs-over", "PLACE", tmpfs_over },
	{ "move-over", "FROM PLACE", move_over },
	{ "open-tree-over", "FROM PLACE", tree_over },
	{ "fsmount-over", "PLACE", fsmount_over },
	{ "overlay-over", "LOWER LOWEST PLACE", overlay_over },
	{ "pivot-root-over", "FOLDER ROOT NAME", pivot_over },
	{ "mount-setattr-write", "FOLDER NAME ALIAS", remount_write },
	{ "move-away", "MOUNTED PLACE", move_away },
	{ "move-mount-away", "MOUNTED PLACE", move_mount_away },
	{ "unmount", "MOUNTED", unmount },
	{ 0 },
};
