// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * file-guard: refuses or reports what is done to protected files and directory trees.
 *
 * The hooks, and why each:
 *
 *	file_open		every open: read and write by the file's mode, O_TMPFILE creates, an exec opens to execute; of a
 *				block device what lies on it counts
 *	file_permission		only where a policy asks for it: each read and write, of descriptors that are older than the
 *				policy or were handed on
 *	path_truncate		truncate(2), O_TRUNC even on a read-only open; before 6.2 also ftruncate(2)
 *	file_truncate		6.2+: ftruncate(2) and O_TRUNC, taken out of path_truncate
 *	inode_create, _mkdir,	a new name in a tree
 *	_mknod, _symlink
 *	inode_link		a second name: refused whenever it would lead out of a tree, since the file could be written there
 *	inode_unlink, _rmdir	a name less; a directory that leads to a protected place counts too
 *	inode_rename		both ends: what is moved, what is overwritten, where it arrives. The kernel asks twice for
 *				RENAME_EXCHANGE, once each way round, so both are seen as moved and as overwritten
 *	inode_setattr		mode, owner, times; and a size set by those who pass no truncate hook (nfsd, overlayfs).
 *				Two programs, since 6.9 put an idmap first
 *	inode_setxattr,		extended attributes. On kernels before 6.11 they also close a hole of the kernel's own: see
 *	_removexattr		garrison_xattr_no_decision
 *	inode_set_acl,		6.2+: POSIX ACLs, taken out of the xattr hooks
 *	_remove_acl
 *	inode_file_setattr	6.17+: file_setattr(2), which does what ioctls did
 *	file_ioctl, _compat	flags, project, verity and encryption; what swaps or clones contents; the generation, by which
 *				we know a file
 *	mmap_file,		a shared writable mapping writes without write(2), an executable one executes without exec;
 *	file_mprotect		also when the descriptor or the mapping is older than the policy
 *	bprm_check_security	exec, script interpreters too; repeats file_open's question, so it reports only refusals
 *	sb_mount, move_mount,	a mount hides what lies below it: refused on a protected place and on the way to one
 *	sb_pivotroot
 *
 * Where LSM programs do not run (no bpf in lsm=), these go unchanged to fmod_ret/security_HOOK, which is asked the same with
 * the same arguments; the sections ?fmod_ret/... stand in where it has others.
 *
 * Everything is non-sleepable: the walk up the directories relies on the RCU read lock that such programs hold.
 * An act that the policy says nothing about is not decided here (0, or what garrison_xattr_no_decision says).
 */
#include "file_guard_report.bpf.h"
#include "file_guard_backing.bpf.h"
#include "file_guard_flags.bpf.h"
#include "file_guard_ioctl.bpf.h"
#include "file_guard_mounts.bpf.h"

GARRISON_LICENSE;

/* What comes under a name that a rule knows with contents of its own, as if they had been written. */
#define GUARD_STANDS_FOR (FILE_GUARD_CREATE | FILE_GUARD_WRITE)

/* Whoever reads or writes the device below a file system passes all its files by. */
static __always_inline bool guard_denies_device(struct file *file, __u32 act)
{
	struct guard_question q;

	guard_fill_question(&q, (__u64)file->f_path.dentry, file->f_inode->i_rdev, FILE_GUARD_FILE_OPEN, act);
	q.on_device = act;
	return guard_refuses(&q);
}

static __always_inline bool guard_denies_open(struct file *file, __u32 act)
{
	__u64 object = (__u64)file->f_path.dentry;
	struct guard_question q;

	if (file->f_inode != file->f_path.dentry->d_inode)
		object = guard_own_name(file->f_inode);
	if (!object || !guard_begin_at(&q, object, 0, file->f_inode->i_sb->s_dev, FILE_GUARD_FILE_OPEN, act, act))
		return false;
	q.mount = (__u64)file->f_path.mnt;
	return guard_refuses(&q);
}

SEC("lsm/file_open")
int BPF_PROG(guard_file_open, struct file *file, int ret)
{
	__u32 act = 0, mode = file->f_mode, flags = file->f_flags, type = file->f_inode->i_mode & GUARD_S_IFMT;

	if (ret)
		return ret;
	if (flags & GUARD_FMODE_EXEC) {
		act = FILE_GUARD_EXECUTE;
	} else {
		if (mode & GUARD_FMODE_READ)
			act |= FILE_GUARD_READ;
		if (mode & GUARD_FMODE_WRITE)
			act |= FILE_GUARD_WRITE;
	}
	if ((flags & GUARD_O_TMPFILE) == GUARD_O_TMPFILE)
		act |= FILE_GUARD_CREATE;
	if (act == FILE_GUARD_READ && type == GUARD_S_IFDIR && guard_is_own_process())
		return 0;
	if (type == GUARD_S_IFBLK && guard_denies_device(file, act))
		return garrison_deny(garrison_hook("file_open"));
	return guard_verdict("file_open", guard_denies_open(file, act));
}

/* What an exec reads of a program is no read: an exec has asked to execute. */
SEC("?lsm/file_permission")
int BPF_PROG(guard_file_permission, struct file *file, int mask, int ret)
{
	__u32 act = 0;

	if (ret)
		return ret;
	if (mask & (GUARD_MAY_WRITE | GUARD_MAY_APPEND))
		act |= FILE_GUARD_WRITE;
	if (mask & GUARD_MAY_READ && !(file->f_flags & GUARD_FMODE_EXEC))
		act |= FILE_GUARD_READ;
	if (!act)
		return 0;
	if (act == FILE_GUARD_READ && (file->f_inode->i_mode & GUARD_S_IFMT) == GUARD_S_IFDIR && guard_is_own_process())
		return 0;
	return guard_verdict("file_permission", guard_denies_at(&file->f_path, FILE_GUARD_FILE_PERMISSION, act));
}

SEC("lsm/path_truncate")
int BPF_PROG(guard_path_truncate, const struct path *path, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("path_truncate", guard_denies_at(path, FILE_GUARD_PATH_TRUNCATE, FILE_GUARD_WRITE));
}

SEC("?lsm/file_truncate")
int BPF_PROG(guard_file_truncate, struct file *file, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("file_truncate", guard_denies_at(&file->f_path, FILE_GUARD_FILE_TRUNCATE, FILE_GUARD_WRITE));
}

/* A new name: asked of the directory, reported with the name; `on_fresh` is asked where a rule knows the very name. */
static __always_inline bool guard_denies_new(struct dentry *dentry, __u32 hook, __u32 on_fresh)
{
	struct guard_question q;

	if (!guard_begin(&q, dentry, hook, FILE_GUARD_CREATE, FILE_GUARD_CREATE | on_fresh))
		return false;
	q.new_name = 1;
	q.on_fresh = on_fresh;
	return guard_refuses(&q);
}

SEC("lsm/inode_create")
int BPF_PROG(guard_inode_create, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_create", guard_denies_new(dentry, FILE_GUARD_INODE_CREATE, FILE_GUARD_CREATE));
}

SEC("lsm/inode_mkdir")
int BPF_PROG(guard_inode_mkdir, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_mkdir", guard_denies_new(dentry, FILE_GUARD_INODE_MKDIR, FILE_GUARD_CREATE));
}

SEC("lsm/inode_mknod")
int BPF_PROG(guard_inode_mknod, struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_mknod", guard_denies_new(dentry, FILE_GUARD_INODE_MKNOD, GUARD_STANDS_FOR));
}

SEC("lsm/inode_symlink")
int BPF_PROG(guard_inode_symlink, struct inode *dir, struct dentry *dentry, const char *target, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_symlink", guard_denies_new(dentry, FILE_GUARD_INODE_SYMLINK, GUARD_STANDS_FOR));
}

SEC("lsm/inode_link")
int BPF_PROG(guard_inode_link, struct dentry *from, struct inode *dir, struct dentry *to, int ret)
{
	struct guard_question q;

	if (ret)
		return ret;
	if (!guard_begin_both(&q, from, to, FILE_GUARD_INODE_LINK, FILE_GUARD_LINK, FILE_GUARD_ALWAYS))
		return 0;
	q.on_tree = FILE_GUARD_LINK | FILE_GUARD_ALWAYS;
	q.on_shared = FILE_GUARD_LINK;
	q.on_arrival = FILE_GUARD_CREATE;
	q.on_fresh = GUARD_STANDS_FOR;
	return guard_verdict("inode_link", guard_refuses(&q));
}

SEC("lsm/inode_unlink")
int BPF_PROG(guard_inode_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_unlink", guard_denies(dentry, FILE_GUARD_INODE_UNLINK, FILE_GUARD_DELETE));
}

SEC("lsm/inode_rmdir")
int BPF_PROG(guard_inode_rmdir, struct inode *dir, struct dentry *dentry, int ret)
{
	struct guard_question q;

	if (ret)
		return ret;
	if (!guard_begin(&q, dentry, FILE_GUARD_INODE_RMDIR, FILE_GUARD_DELETE, FILE_GUARD_DELETE | FILE_GUARD_LEADS))
		return 0;
	q.on_above = GUARD_REDIRECTS;
	return guard_verdict("inode_rmdir", guard_refuses(&q));
}

static __always_inline bool guard_denies_rename(struct dentry *from, struct dentry *to)
{
	struct guard_question q;

	if (!guard_begin_both(&q, from, to, FILE_GUARD_INODE_RENAME, FILE_GUARD_RENAME, FILE_GUARD_ALWAYS | FILE_GUARD_LEADS))
		return false;
	q.on_tree = FILE_GUARD_RENAME | FILE_GUARD_ALWAYS;
	q.on_shared = FILE_GUARD_RENAME;
	q.on_above = GUARD_REDIRECTS;
	/* What is overwritten loses its name and, to those who open it by that, its contents. */
	q.on_replaced = FILE_GUARD_WRITE | FILE_GUARD_DELETE;
	q.on_arrival = FILE_GUARD_CREATE;
	q.on_fresh = GUARD_STANDS_FOR;
	return guard_refuses(&q);
}

SEC("lsm/inode_rename")
int BPF_PROG(guard_inode_rename, struct inode *from_dir, struct dentry *from, struct inode *to_dir, struct dentry *to,
	     int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_rename", guard_denies_rename(from, to));
}

/* The function is called once for an exchange, and calls the hook once each way round. */
SEC("?fmod_ret/security_inode_rename")
int BPF_PROG(guard_security_inode_rename, struct inode *from_dir, struct dentry *from, struct inode *to_dir,
	     struct dentry *to, unsigned int flags, int ret)
{
	if (ret)
		return ret;
	if (flags & GUARD_RENAME_EXCHANGE && guard_denies_rename(to, from))
		return garrison_deny(garrison_hook("inode_rename"));
	return guard_verdict("inode_rename", guard_denies_rename(from, to));
}

/* Size, mode, owner and times. Bits that the kernel sets for itself, to drop set-uid when a file is written, are not asked. */
static __always_inline bool guard_denies_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct guard_question q;
	__u32 valid = attr->ia_valid, act;

	if (valid & GUARD_ATTR_FORCE)
		valid &= ~GUARD_ATTR_MODE;
	if (valid & GUARD_ATTR_SIZE)
		act = FILE_GUARD_WRITE;
	else if (valid & GUARD_ATTR_WANTED)
		act = FILE_GUARD_ATTRIBUTES;
	else
		return false;
	if (!guard_begin(&q, dentry, FILE_GUARD_INODE_SETATTR, act, act))
		return false;
	/* A process that sets a size has passed a truncate hook; kernel servers have not. */
	if (valid & GUARD_ATTR_SIZE && bpf_get_current_task_btf()->mm)
		q.quiet = 1;
	return guard_refuses(&q);
}

/* Before 6.9. Which of the two is loaded is chosen by the hook's number of arguments. */
SEC("?lsm/inode_setattr")
int BPF_PROG(guard_inode_setattr_2, struct dentry *dentry, struct iattr *attr, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_setattr", guard_denies_setattr(dentry, attr));
}

SEC("?lsm/inode_setattr")
int BPF_PROG(guard_inode_setattr_3, void *idmap, struct dentry *dentry, struct iattr *attr, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_setattr", guard_denies_setattr(dentry, attr));
}

/* Before 6.9 the function has a first argument more than its hook. */
SEC("?fmod_ret/security_inode_setattr")
int BPF_PROG(guard_security_inode_setattr, void *idmap, struct dentry *dentry, struct iattr *attr, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_setattr", guard_denies_setattr(dentry, attr));
}

SEC("lsm/inode_setxattr")
int BPF_PROG(guard_inode_setxattr, void *idmap, struct dentry *dentry, const char *name, const void *value, size_t size,
	     int flags, int ret)
{
	if (ret)
		return ret;
	if (guard_denies(dentry, FILE_GUARD_INODE_SETXATTR, FILE_GUARD_ATTRIBUTES))
		return garrison_deny(garrison_hook("inode_setxattr"));
	return garrison_xattr_no_decision;
}

SEC("lsm/inode_removexattr")
int BPF_PROG(guard_inode_removexattr, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	if (ret)
		return ret;
	if (guard_denies(dentry, FILE_GUARD_INODE_REMOVEXATTR, FILE_GUARD_ATTRIBUTES))
		return garrison_deny(garrison_hook("inode_removexattr"));
	return garrison_xattr_no_decision;
}

SEC("?lsm/inode_set_acl")
int BPF_PROG(guard_inode_set_acl, void *idmap, struct dentry *dentry, const char *name, void *acl, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_set_acl", guard_denies(dentry, FILE_GUARD_INODE_SET_ACL, FILE_GUARD_ATTRIBUTES));
}

SEC("?lsm/inode_remove_acl")
int BPF_PROG(guard_inode_remove_acl, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_remove_acl", guard_denies(dentry, FILE_GUARD_INODE_REMOVE_ACL, FILE_GUARD_ATTRIBUTES));
}

SEC("?lsm/inode_file_setattr")
int BPF_PROG(guard_inode_file_setattr, struct dentry *dentry, void *attributes, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("inode_file_setattr", guard_denies(dentry, FILE_GUARD_INODE_FILE_SETATTR, FILE_GUARD_ATTRIBUTES));
}

static __always_inline bool guard_denies_ioctl(struct file *file, __u32 command)
{
	__u32 act = guard_ioctl_act(command);
	struct guard_question q;

	if (!act || !guard_begin(&q, file->f_path.dentry, FILE_GUARD_FILE_IOCTL, act, act))
		return false;
	q.act = act & ~FILE_GUARD_ALWAYS;
	q.mount = (__u64)file->f_path.mnt;
	return guard_refuses(&q);
}

SEC("lsm/file_ioctl")
int BPF_PROG(guard_file_ioctl, struct file *file, unsigned int command, unsigned long argument, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("file_ioctl", guard_denies_ioctl(file, command));
}

/* Ioctls of 32-bit programs; older kernels send them to file_ioctl. */
SEC("?lsm/file_ioctl_compat")
int BPF_PROG(guard_file_ioctl_compat, struct file *file, unsigned int command, unsigned long argument, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("file_ioctl_compat", guard_denies_ioctl(file, command));
}

static __always_inline bool guard_denies_mmap(struct file *file, unsigned long prot, unsigned long flags)
{
	__u32 act = 0, type = flags & GUARD_MAP_TYPE;

	if (!file)
		return false;
	if (prot & GUARD_PROT_WRITE && (type == GUARD_MAP_SHARED || type == GUARD_MAP_SHARED_VALIDATE))
		act |= FILE_GUARD_WRITE;
	if (prot & GUARD_PROT_EXEC)
		act |= FILE_GUARD_EXECUTE;
	if (!act)
		return false;
	return guard_denies_at(&file->f_path, FILE_GUARD_MMAP_FILE, act);
}

SEC("lsm/mmap_file")
int BPF_PROG(guard_mmap_file, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags, int ret)
{
	if (ret)
		return ret;
	return guard_verdict("mmap_file", guard_denies_mmap(file, prot, flags));
}

/* The function is given what was requested, and adds itself what the personality says, as here. */
SEC("?fmod_ret/security_mmap_file")
int BPF_PROG(guard_security_mmap_file, struct file *file, unsigned long prot, unsigned long flags, int ret)
{
	if (ret)
		return ret;
	if ((prot & (GUARD_PROT_READ | GUARD_PROT_EXEC)) == GUARD_PROT_READ &&
	    bpf_get_current_task_btf()->personality & GUARD_READ_IMPLIES_EXEC)
		prot |= GUARD_PROT_EXEC;
	return guard_verdict("mmap_file", guard_denies_mmap(file, prot, flags));
}

SEC("lsm/file_mprotect")
int BPF_PROG(guard_file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot, int ret)
{
	struct file *file = vma->vm_file;
	unsigned long now = vma->vm_flags;
	__u32 act = 0;

	if (ret)
		return ret;
	if (!file)
		return 0;
	if (prot & GUARD_PROT_WRITE && now & GUARD_VM_SHARED)
		act |= FILE_GUARD_WRITE;
	if (prot & GUARD_PROT_EXEC && !(now & GUARD_VM_EXEC))
		act |= FILE_GUARD_EXECUTE;
	if (!act)
		return 0;
	if (guard_denies_backed(file, FILE_GUARD_FILE_MPROTECT, act))
		return garrison_deny(garrison_hook("file_mprotect"));
	return guard_verdict("file_mprotect", guard_denies_at(&file->f_path, FILE_GUARD_FILE_MPROTECT, act));
}

SEC("lsm/bprm_check_security")
int BPF_PROG(guard_bprm_check_security, struct linux_binprm *bprm, int ret)
{
	struct dentry *dentry = bprm->file->f_path.dentry;
	struct guard_question q;

	if (ret)
		return ret;
	if (!guard_begin(&q, dentry, FILE_GUARD_BPRM_CHECK_SECURITY, FILE_GUARD_EXECUTE, FILE_GUARD_EXECUTE))
		return 0;
	q.quiet = 1;
	q.mount = (__u64)bprm->file->f_path.mnt;
	return guard_verdict("bprm_check_security", guard_refuses(&q));
}
