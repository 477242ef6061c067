/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Covering a place: whoever follows the path then finds something else. */
#define _GNU_SOURCE
#include "attack.h"

#include <fcntl.h>
#include <sys/mount.h>
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

const struct attack mount_attacks[] = {
	{ "bind-over", "FROM PLACE", bind_over },
	{ "tmpfs-over", "PLACE", tmpfs_over },
	{ "move-over", "FROM PLACE", move_over },
	{ "open-tree-over", "FROM PLACE", tree_over },
	{ "fsmount-over", "PLACE", fsmount_over },
	{ 0 },
};
