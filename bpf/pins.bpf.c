// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Guards the pins of one instance: what lies below its folder in the BPF file system, that folder, and the name of the one
 * above. Only the owner, which is a process, may take any of it away; while no owner lives, nobody may.
 *
 *	syscall/claim			makes the calling process the owner, unless another lives
 *	syscall/release			by the owner: nothing is guarded any more
 *	raw_tp/sched_process_exit	sees the owner's end, and before its files are closed: whoever gets the lock may claim
 *	lsm/inode_unlink, inode_rmdir	the pins, the folders
 *	lsm/inode_rename		the same, and what would be put there
 *	lsm/sb_umount			the mounts through which the folder is reached, here or where it would be propagated from
 *	lsm/move_mount			the same mounts; an old mount(2) with MS_MOVE names its source in words only and passes
 *
 * Who the owner is only these programs can write: the map is frozen for bpf(2). It would take a program of one's own.
 *
 * Addresses of kernel objects are compared, never followed: an object that lives on has no other's address, and all that is
 * kept here lives while the guard does, since the guard keeps it from being taken away.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define EPERM 1
#define DEPTH 8

struct pins_mount {
	__u64 mount;		/* struct vfsmount */
	__u64 point;		/* struct dentry: where it is mounted */
	__u32 group;		/* of the mount that this is in: an unmount in a peer takes this one along; 0: it has none */
	__u32 master;		/* the group from which that one receives; 0: none */
};

struct pins_state {
	__u32 owner;		/* a process, as the initial pid namespace numbers it; 0: none lives */
	__u32 unused;
	__u64 folder;		/* struct inode: the instance's folder */
	__u64 above;		/* struct inode: the folder that it is in */
	__u64 super_block;	/* struct super_block: the file system */
	struct pins_mount mounts[DEPTH];	/* from the folder's own to the root's */
	__u64 refused;		/* how often */
};

/* Java knows this layout (PinGuard). */
struct pins_claim {
	__u32 folder;		/* in: a descriptor of the instance's folder */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pins_state);
} pins_state SEC(".maps");

static __always_inline struct pins_state *state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&pins_state, &zero);
}

static __always_inline __u32 this_process(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

static __always_inline struct mount *real(__u64 mount)
{
	return (void *)(mount - bpf_core_field_offset(struct mount, mnt));
}

/* 0: the caller is the owner; 1: another is; 2: that descriptor is not one of the folder that is guarded. */
SEC("syscall")
int pins_claim(struct pins_claim *claim)
{
	struct pins_state *now = state();
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct file **files = BPF_CORE_READ(task, files, fdt, fd);
	struct file *file = NULL;
	struct dentry *folder;
	__u64 mount;
	__u32 owner;
	int i;

	if (!now)
		return 2;
	bpf_probe_read_kernel(&file, sizeof(file), &files[claim->folder]);
	if (!file)
		return 2;
	folder = BPF_CORE_READ(file, f_path.dentry);
	if (now->folder && now->folder != (__u64)BPF_CORE_READ(folder, d_inode))
		return 2;
	owner = __sync_val_compare_and_swap(&now->owner, 0, this_process());
	if (owner && owner != this_process())
		return 1;
	mount = (__u64)BPF_CORE_READ(file, f_path.mnt);
	now->above = (__u64)BPF_CORE_READ(folder, d_parent, d_inode);
	now->folder = (__u64)BPF_CORE_READ(folder, d_inode);
	now->super_block = (__u64)BPF_CORE_READ(folder, d_sb);
	for (i = 0; i < DEPTH; i++) {
		struct mount *parent = BPF_CORE_READ(real(mount), mnt_parent);

		now->mounts[i].mount = mount;
		now->mounts[i].point = (__u64)BPF_CORE_READ(real(mount), mnt_mountpoint);
		now->mounts[i].group = BPF_CORE_READ(parent, mnt_group_id);
		now->mounts[i].master = BPF_CORE_READ(parent, mnt_master, mnt_group_id);
		mount = (__u64)parent + bpf_core_field_offset(struct mount, mnt);
	}
	return 0;
}

/* 0: nothing is guarded any more; 1: the caller is not the owner. */
SEC("syscall")
int pins_release(void *context)
{
	struct pins_state *now = state();

	if (!now || now->owner != this_process())
		return 1;
	now->folder = 0;
	now->owner = 0;
	return 0;
}

/* Of the owner's threads the last: it has been counted out when this runs. */
SEC("raw_tp/sched_process_exit")
int pins_owner_ends(void *context)
{
	struct pins_state *now = state();
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (now && now->owner == this_process() && !BPF_CORE_READ(task, signal, live.counter))
		now->owner = 0;
	return 0;
}

/* The state, if the caller is not the owner and something is guarded. */
static __always_inline struct pins_state *for_strangers(void)
{
	struct pins_state *now = state();

	return now && now->folder && now->owner != this_process() ? now : NULL;
}

static __always_inline int refuse(struct pins_state *now)
{
	__sync_fetch_and_add(&now->refused, 1);
	return -EPERM;
}

/* Whether a name is the folder's, that of the one above, or below. */
static __always_inline bool guarded(struct pins_state *now, struct dentry *dentry)
{
	int i;

	if ((__u64)BPF_CORE_READ(dentry, d_sb) != now->super_block)
		return false;
	if ((__u64)BPF_CORE_READ(dentry, d_inode) == now->above)
		return true;
	for (i = 0; i < DEPTH; i++) {
		if ((__u64)BPF_CORE_READ(dentry, d_inode) == now->folder)
			return true;
		dentry = BPF_CORE_READ(dentry, d_parent);
	}
	return false;
}

/* A name is to go: that of a pin, or of a folder. */
static __always_inline int removal(struct dentry *dentry, int ret)
{
	struct pins_state *now;

	if (ret)
		return ret;
	now = for_strangers();
	if (now && guarded(now, dentry))
		return refuse(now);
	return 0;
}

SEC("?lsm/inode_unlink")
int BPF_PROG(pins_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	return removal(dentry, ret);
}

SEC("?lsm/inode_rmdir")
int BPF_PROG(pins_rmdir, struct inode *dir, struct dentry *dentry, int ret)
{
	return removal(dentry, ret);
}

SEC("?lsm/inode_rename")
int BPF_PROG(pins_rename, struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir, struct dentry *new_dentry, int ret)
{
	struct pins_state *now;

	if (ret)
		return ret;
	now = for_strangers();
	if (now && (guarded(now, old_dentry) || guarded(now, new_dentry)))
		return refuse(now);
	return 0;
}

/* Whether the folder would be out of reach without this mount. */
static __always_inline bool carries(struct pins_state *now, struct vfsmount *mount)
{
	__u64 point = (__u64)BPF_CORE_READ(real((__u64)mount), mnt_mountpoint);
	__u32 group = BPF_CORE_READ(real((__u64)mount), mnt_parent, mnt_group_id);
	int i;

	for (i = 0; i < DEPTH; i++) {
		struct pins_mount *one = &now->mounts[i];

		if (one->mount == (__u64)mount || (group && one->point == point && (one->group == group || one->master == group)))
			return true;
	}
	return false;
}

SEC("?lsm/sb_umount")
int BPF_PROG(pins_umount, struct vfsmount *mnt, int flags, int ret)
{
	struct pins_state *now;

	if (ret)
		return ret;
	now = for_strangers();
	if (now && carries(now, mnt))
		return refuse(now);
	return 0;
}

SEC("?lsm/move_mount")
int BPF_PROG(pins_move_mount, const struct path *from_path, const struct path *to_path, int ret)
{
	struct pins_state *now;

	if (ret)
		return ret;
	now = for_strangers();
	if (now && carries(now, BPF_CORE_READ(from_path, mnt)))
		return refuse(now);
	return 0;
}
