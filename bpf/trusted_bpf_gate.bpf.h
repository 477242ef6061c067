/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The gate: what only trusted processes may do. None of these programs sleeps.
 *
 *	bpf			every command of bpf(2), whatever it is about: by id, by pin, through a token, a replacement (freplace)
 *	file_ioctl, _compat	PERF_EVENT_IOC_SET_BPF attaches without bpf(2)
 *	socket_setsockopt	so do SO_ATTACH_BPF and SO_ATTACH_REUSEPORT_EBPF
 *	netlink_send		so do netlink (XDP, tc, routes), and some options and ioctls: see trusted_bpf_net.bpf.h
 *	file_receive		a BPF descriptor that somebody handed over: SCM_RIGHTS, pidfd_getfd(2)
 *	ptrace_access_check,	whoever controls a trusted process is trusted: ptrace(2), /proc/PID/mem, process_vm_writev(2),
 *	ptrace_traceme		pidfd_getfd(2)
 *	task_alloc		the mark goes to the child
 *	file_mprotect		a file that was mapped to be read is to be executed: the mark falls
 */
#ifndef TRUSTED_BPF_GATE_BPF_H
#define TRUSTED_BPF_GATE_BPF_H

#include "trusted_bpf_marks.bpf.h"

#define TRUST_SET_BPF 0x40042408	/* PERF_EVENT_IOC_SET_BPF */
#define TRUST_SOL_SOCKET 1
#define TRUST_SO_ATTACH_BPF 50
#define TRUST_SO_ATTACH_REUSEPORT_EBPF 52
#define TRUST_PTRACE_ATTACH 2		/* PTRACE_MODE_ATTACH */
#define TRUST_CLONE_THREAD 0x10000
#define TRUST_PROT_EXEC 4
#define TRUST_VM_EXEC 4
#define TRUST_ANON_INODE_MAGIC 0x09041934
#define TRUST_BPF_MAGIC 0xcafe4a11

/* Why a process is not trusted; 0 if it is. */
static __always_inline __u32 trust_reason(struct task_struct *leader, __s32 *error)
{
	struct trust_mark *mark;

	*error = 0;
	if (trust_is_owner(leader))
		return TRUSTED_BPF_TRUSTED;
	mark = bpf_task_storage_get(&marks, leader, 0, 0);
	if (!mark)
		return TRUSTED_BPF_UNSIGNED;
	*error = mark->error;
	return mark->reason;
}

static __always_inline bool trust_exception(void *now, struct trusted_bpf_key *key, __u32 generation, __u64 wanted)
{
	struct trusted_bpf_value *value = bpf_map_lookup_elem(now, key);

	return value && value->bits & wanted && (!value->generation || value->generation == generation);
}

/* Whether the policy lets an untrusted process do it: an executable, a uid, or an executable run by a uid. */
static __always_inline bool trust_excepted(__u64 wanted)
{
	struct trusted_bpf_key key = { .kind = TRUSTED_BPF_EXCEPTION };
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 zero = 0, uid = task->cred->fsuid.val, generation = 0;
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	void *now = bpf_map_lookup_elem(&policy, &zero);
	struct inode *inode;

	if (!now || garrison_fallen_closed())
		return false;
	key.uid = uid;
	if (trust_exception(now, &key, 0, wanted))
		return true;
	if (!exe)
		return false;
	inode = BPF_CORE_READ(exe, f_inode);
	key.inode = BPF_CORE_READ(inode, i_ino);
	key.device = BPF_CORE_READ(inode, i_sb, s_dev);
	generation = BPF_CORE_READ(inode, i_generation);
	if (trust_exception(now, &key, generation, wanted))
		return true;
	key.uid = TRUSTED_BPF_ANY_UID;
	return trust_exception(now, &key, generation, wanted);
}

static __always_inline void trust_tell_use(__u32 act, __u32 command, __u32 reason, __s32 error, bool refused, __u32 other)
{
	struct trusted_bpf_event *event = garrison_reserve_for(sizeof(*event), TRUSTED_BPF_USE, refused);

	if (!event)
		return;
	trust_describe(event);
	event->act = act;
	event->command = command;
	event->reason = reason;
	event->error = error;
	if (refused) {
		event->verdict = -EPERM;
		event->mode = GARRISON_ENFORCE;
	} else {
		event->verdict = 0;
		event->mode = GARRISON_AUDIT;
	}
	event->other = other;
	bpf_ringbuf_submit(event, 0);
}

/* Tells of what is not to be; true when it is refused, too. */
static __always_inline bool trust_denies(__u32 act, __u32 command, __u32 reason, __s32 error, __u32 other)
{
	bool refused = trust_enforcing();

	trust_tell_use(act, command, reason, error, refused, other);
	return refused;
}

/* Whether the policy has it told of, and not refused. */
static __noinline bool trust_audited(__u64 wanted)
{
	struct trusted_bpf_key key = { .kind = TRUSTED_BPF_AUDITED };
	struct trusted_bpf_value *value;
	__u32 zero = 0;
	void *now = bpf_map_lookup_elem(&policy, &zero);

	if (!now || garrison_fallen_closed())
		return false;
	value = bpf_map_lookup_elem(now, &key);
	return value && value->bits & wanted;
}

/* For one that is not trusted. Told, whether it is refused or not, unless it is excepted. */
static __always_inline int trust_refuses_for(__u32 reason, __s32 error, __u32 act, __u32 command)
{
	__u64 wanted;
	bool refused;

	if (act == TRUSTED_BPF_CALL)
		wanted = command < TRUSTED_BPF_ALLOW_ACT ? 1ULL << (command & 63) : 0;
	else if (act == TRUSTED_BPF_NET_ATTACH)
		wanted = 1ULL << TRUSTED_BPF_ALLOW_NET_ATTACH;
	else
		wanted = act <= TRUSTED_BPF_RECEIVE ? 1ULL << (TRUSTED_BPF_ALLOW_ACT + act) : 0;
	if (trust_excepted(wanted))
		return 0;
	refused = trust_enforcing() && !trust_audited(wanted);
	trust_tell_use(act, command, reason, error, refused, 0);
	return refused;
}

/* True when the present process is to be refused. */
__noinline int trust_refuses(__u32 act, __u32 command)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 reason;
	__s32 error;

	if (task->flags & TRUST_KERNEL_THREAD)
		return 0;
	reason = trust_reason(task->group_leader, &error);
	return reason == TRUSTED_BPF_TRUSTED ? 0 : trust_refuses_for(reason, error, act, command);
}

/* Stays when the programs are exchanged. */
enum trust_closed {
	TRUST_CLOSED_AT,	/* when the gate was asked for the first time, by bpf_ktime_get_boot_ns(); 0 before */
	TRUST_REMOVAL_WANTED,	/* 1: what was loaded before is to be removed as soon as the gate refuses anything */
	TRUST_CLOSED_ENTRIES
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TRUST_CLOSED_ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
} closed SEC(".maps");

/* What is loaded comes by bpf(2): from the first call on that is seen, all of it was asked for. */
static __noinline int trust_note_closed(void)
{
	struct trusted_bpf_event *event;
	__u32 at = TRUST_CLOSED_AT, removal = TRUST_REMOVAL_WANTED;
	__u64 *since = bpf_map_lookup_elem(&closed, &at);
	__u64 *wanted = bpf_map_lookup_elem(&closed, &removal);
	bool first, remove;

	if (!since || !wanted)
		return 0;
	first = !*since && !__sync_val_compare_and_swap(since, 0, bpf_ktime_get_boot_ns());
	remove = *wanted && trust_enforcing() && __sync_val_compare_and_swap(wanted, 1, 0) == 1;
	if (!first && !remove)
		return 0;
	event = garrison_reserve(sizeof(*event), TRUSTED_BPF_CLOSED);
	if (!event) {
		/* Told once only; what is to be removed can wait for the next call. */
		if (remove)
			*wanted = 1;
		return 0;
	}
	trust_describe(event);
	event->act = TRUSTED_BPF_CALL;
	event->command = remove;
	event->reason = TRUSTED_BPF_TRUSTED;
	event->error = 0;
	event->verdict = 0;
	event->mode = trust_enforcing() ? GARRISON_ENFORCE : GARRISON_AUDIT;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("?lsm/bpf")
int BPF_PROG(trust_bpf, int cmd, union bpf_attr *attr, unsigned int size, int ret)
{
	trust_note_closed();
	if (ret)
		return ret;
	if (trust_refuses(TRUSTED_BPF_CALL, cmd))
		return garrison_deny(garrison_hook("bpf"));
	return 0;
}

/* Since 6.15 the kernel says when it asks itself: a loader program that a trusted process runs. */
SEC("?lsm/bpf")
int BPF_PROG(trust_bpf_kernel, int cmd, union bpf_attr *attr, unsigned int size, bool kernel, int ret)
{
	trust_note_closed();
	if (ret)
		return ret;
	if (!kernel && trust_refuses(TRUSTED_BPF_CALL, cmd))
		return garrison_deny(garrison_hook("bpf"));
	return 0;
}

/* Of 6.18 and later: what the kernel found of a program's signature. */
struct bpf_prog_aux___signed {
	struct {
		__s32 keyring_serial;
		__u8 keyring_type;
		__u8 verdict;
	} sig;
} __attribute__((preserve_access_index));

#define TRUST_SIG_VERIFIED 1		/* BPF_SIG_VERIFIED */
#define TRUST_SIG_KEYRING_USER 4	/* BPF_SIG_KEYRING_USER */

/*
 * Signed are a program's instructions, neither its type nor its flags, and its loader chooses the keyring. So: a good signature,
 * by our keyring, of a loader program. What that loads, in the kernel, needs none of its own.
 */
static __always_inline __u32 trust_unsigned(struct bpf_prog *prog)
{
	struct bpf_prog_aux___signed *aux = (void *)BPF_CORE_READ(prog, aux);
	struct trusted_bpf_key key = { .kind = TRUSTED_BPF_KEYRINGS };
	struct trusted_bpf_value *keyrings;
	__u32 zero = 0;
	void *now = bpf_map_lookup_elem(&policy, &zero);

	if (!now)
		return TRUSTED_BPF_NO_KEYRING;
	keyrings = bpf_map_lookup_elem(now, &key);
	if (!keyrings)
		return TRUSTED_BPF_NO_KEYRING;
	if (BPF_CORE_READ(aux, sig.verdict) != TRUST_SIG_VERIFIED)
		return TRUSTED_BPF_PROGRAM_UNSIGNED;
	if (BPF_CORE_READ(aux, sig.keyring_type) != TRUST_SIG_KEYRING_USER || BPF_CORE_READ(aux, sig.keyring_serial) != keyrings->good)
		return TRUSTED_BPF_PROGRAM_KEYRING;
	if (BPF_CORE_READ(prog, type) != BPF_PROG_TYPE_SYSCALL)
		return TRUSTED_BPF_PROGRAM_KIND;
	return TRUSTED_BPF_TRUSTED;
}

SEC("?lsm/bpf_prog_load")
int BPF_PROG(trust_prog_load, struct bpf_prog *prog, union bpf_attr *attr, struct bpf_token *token, bool kernel, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct trust_mark *mark;
	__u32 reason;
	__s32 error;

	if (ret)
		return ret;
	if (kernel)
		return 0;
	mark = bpf_task_storage_get(&marks, task->group_leader, 0, 0);
	/* What strangers may load is a matter of exceptions; what Garrison loads it has checked itself. */
	if (trust_runs_garrison(task->group_leader, mark) || trust_reason(task->group_leader, &error) != TRUSTED_BPF_TRUSTED)
		return 0;
	reason = trust_unsigned(prog);
	if (reason == TRUSTED_BPF_TRUSTED)
		return 0;
	if (trust_denies(TRUSTED_BPF_LOAD_SIGNED, 0, reason, 0, 0))
		return garrison_deny(garrison_hook("bpf_prog_load"));
	return 0;
}

#include "trusted_bpf_token.bpf.h"

/* Whether a file is one of the kernel's own making whose name begins so. */
static __always_inline bool trust_anonymous(struct file *file, const char *name, __u32 length)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	__u64 magic = BPF_CORE_READ(dentry, d_sb, s_magic);
	const unsigned char *own = BPF_CORE_READ(dentry, d_name.name);
	char begin[8] = {};
	__u32 i;

	if (magic != TRUST_ANON_INODE_MAGIC && magic != TRUST_BPF_MAGIC)
		return false;
	bpf_probe_read_kernel(begin, sizeof(begin) - 1, own);
#pragma unroll
	for (i = 0; i < 8; i++) {
		if (i < length && begin[i] != name[i])
			return false;
	}
	return true;
}

#include "trusted_bpf_net.bpf.h"

static __always_inline bool trust_refuses_ioctl(struct file *file, unsigned int cmd)
{
	if (cmd == TRUST_SET_BPF)
		return trust_anonymous(file, "[perf_e", 7) && trust_refuses(TRUSTED_BPF_PERF_ATTACH, 0);
	return trust_is_net_ioctl(cmd) && trust_refuses_net_attach();
}

SEC("lsm/file_ioctl")
int BPF_PROG(trust_file_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	if (ret)
		return ret;
	if (trust_refuses_ioctl(file, cmd))
		return garrison_deny(garrison_hook("file_ioctl"));
	return 0;
}

SEC("?lsm/file_ioctl_compat")
int BPF_PROG(trust_file_ioctl_compat, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	if (ret)
		return ret;
	if (trust_refuses_ioctl(file, cmd))
		return garrison_deny(garrison_hook("file_ioctl_compat"));
	return 0;
}

SEC("lsm/socket_setsockopt")
int BPF_PROG(trust_socket_setsockopt, struct socket *sock, int level, int optname, int ret)
{
	if (ret)
		return ret;
	if (trust_is_net_option(level, optname)) {
		if (trust_refuses_net_attach())
			return garrison_deny(garrison_hook("socket_setsockopt"));
		return 0;
	}
	if (level != TRUST_SOL_SOCKET || (optname != TRUST_SO_ATTACH_BPF && optname != TRUST_SO_ATTACH_REUSEPORT_EBPF))
		return 0;
	if (trust_refuses(TRUSTED_BPF_SOCKET_ATTACH, 0))
		return garrison_deny(garrison_hook("socket_setsockopt"));
	return 0;
}

/* All BPF descriptors begin with "bpf": bpf-prog, bpf-map, bpf_link, bpf_iter, bpf-token. */
SEC("lsm/file_receive")
int BPF_PROG(trust_file_receive, struct file *file, int ret)
{
	if (ret)
		return ret;
	if (trust_anonymous(file, "bpf", 3) && trust_refuses(TRUSTED_BPF_RECEIVE, 0))
		return garrison_deny(garrison_hook("file_receive"));
	return 0;
}

/*
 * A process that is not trusted wants control of one that is. Refused in ENFORCE; in AUDIT the other one loses its trust, for
 * what it does from now on is no longer its own doing.
 */
static __always_inline bool trust_refuses_control(struct task_struct *target, struct task_struct *tracer)
{
	struct trust_mark *mark;
	__u32 reason;
	__s32 error;
	bool refused;

	if (trust_reason(target, &error) != TRUSTED_BPF_TRUSTED)
		return false;
	reason = trust_reason(tracer, &error);
	if (reason == TRUSTED_BPF_TRUSTED)
		return false;
	refused = trust_denies(TRUSTED_BPF_TRACE, 0, reason, error, target->tgid);
	if (!refused) {
		mark = bpf_task_storage_get(&marks, target, 0, 0);
		if (mark) {
			mark->reason = TRUSTED_BPF_WAS_TRACED;
			mark->error = 0;
		}
	}
	return refused;
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(trust_ptrace_access_check, struct task_struct *child, unsigned int mode, int ret)
{
	struct task_struct *tracer = bpf_get_current_task_btf();

	if (ret)
		return ret;
	if (mode & TRUST_PTRACE_ATTACH && trust_refuses_control(child->group_leader, tracer->group_leader))
		return garrison_deny(garrison_hook("ptrace_access_check"));
	return 0;
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(trust_ptrace_traceme, struct task_struct *parent, int ret)
{
	struct task_struct *target = bpf_get_current_task_btf();

	if (ret)
		return ret;
	if (trust_refuses_control(target->group_leader, parent->group_leader))
		return garrison_deny(garrison_hook("ptrace_traceme"));
	return 0;
}

SEC("lsm/task_alloc")
int BPF_PROG(trust_task_alloc, struct task_struct *task, unsigned long clone_flags, int ret)
{
	struct task_struct *parent = bpf_get_current_task_btf();
	struct trust_mark *mark, *child;

	if (ret || clone_flags & TRUST_CLONE_THREAD)
		return ret;
	mark = bpf_task_storage_get(&marks, parent->group_leader, 0, 0);
	if (!mark)
		return 0;
	child = bpf_task_storage_get(&marks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (child)
		*child = *mark;
	return 0;
}

SEC("lsm/file_mprotect")
int BPF_PROG(trust_file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file = vma->vm_file;
	struct trust_mark *mark;
	struct inode *inode;

	if (ret)
		return ret;
	if (!file || !(prot & TRUST_PROT_EXEC) || vma->vm_flags & TRUST_VM_EXEC)
		return 0;
	mark = bpf_task_storage_get(&marks, task->group_leader, 0, 0);
	if (!mark || !trust_may_lose(mark))
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	if (BPF_CORE_READ(inode, i_ino) == mark->exe_inode && BPF_CORE_READ(inode, i_sb, s_dev) == mark->exe_device)
		return 0;
	if (mark->role == TRUST_RUNTIME && trust_own_file(inode))
		return 0;
	mark->reason = TRUSTED_BPF_MAPPED;
	mark->error = 0;
	trust_tell(TRUSTED_BPF_MAP_FILE, TRUSTED_BPF_MAPPED, 0);
	return 0;
}

#endif
