/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The keyrings by which signatures are checked. Their permissions let nobody write them; what is left to root is to take them away,
 * as a whole or key by key: to unlink one from the keyring that keeps it, to clear or revoke that, to invalidate any of them. That
 * would give nobody trust, but take it from all. Which operation of keyctl(2) is refused on which key the policy says.
 *
 * For a search permission is asked whenever a signature is checked in anybody's exec, and whenever keyctl(2) looks whether a key is
 * possessed; yet no other right is needed to invalidate a key. So what counts is the system call with its first arguments.
 */
#ifndef TRUSTED_BPF_KEYS_BPF_H
#define TRUSTED_BPF_KEYS_BPF_H

#define TRUST_NO_KEYCTL 64
#define TRUST_KEYCTL_INVALIDATE 21

#if defined(__TARGET_ARCH_x86)
#define TRUST_SYSCALL(regs) (BPF_CORE_READ(regs, orig_ax) & ~0x40000000ULL)	/* also by the x32 ABI */
#define TRUST_KEYCTL 250
#define TRUST_KEYCTL_COMPAT 288
#define TRUST_COMPAT_FIRST(regs) BPF_CORE_READ(regs, bx)
#define TRUST_COMPAT_SECOND(regs) BPF_CORE_READ(regs, cx)
#elif defined(__TARGET_ARCH_arm64)
#define TRUST_SYSCALL(regs) ((__u64)BPF_CORE_READ(regs, syscallno))
#define TRUST_KEYCTL 219
#define TRUST_KEYCTL_COMPAT 311
#define TRUST_COMPAT_FIRST(regs) PT_REGS_PARM1_CORE_SYSCALL(regs)
#define TRUST_COMPAT_SECOND(regs) PT_REGS_PARM2_CORE_SYSCALL(regs)
#endif

/* What keyctl(2) was asked for. */
struct trust_keyctl {
	__u32 operation;	/* TRUST_NO_KEYCTL outside of it */
	__s32 key;		/* a serial, or below 0 one of the caller's own by another name */
};

/* Each number is that of another call in the other ABI, which asks for no key: so it need not be known which ABI it is. */
static __always_inline void trust_look_at_keyctl(struct trust_keyctl *asked)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs;
	__u64 number;

	asked->operation = TRUST_NO_KEYCTL;
	asked->key = 0;
	if (task->flags & TRUST_KERNEL_THREAD)
		return;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	number = TRUST_SYSCALL(regs);
	if (number == TRUST_KEYCTL) {
		asked->operation = PT_REGS_PARM1_CORE_SYSCALL(regs);
		asked->key = PT_REGS_PARM2_CORE_SYSCALL(regs);
	} else if (number == TRUST_KEYCTL_COMPAT) {
		asked->operation = TRUST_COMPAT_FIRST(regs);
		asked->key = TRUST_COMPAT_SECOND(regs);
	}
}

/* Whether the right that is wanted to a key is that by which it is changed. */
static __always_inline bool trust_changes_key(struct trust_keyctl *asked, __u32 need, __s32 serial)
{
	switch (need) {
	case KEY_NEED_WRITE:
	case KEY_NEED_LINK:
	case KEY_NEED_SETATTR:
	case KEY_NEED_UNLINK:
	case KEY_SYSADMIN_OVERRIDE:
		return true;
	case KEY_NEED_SEARCH:
		return asked->operation == TRUST_KEYCTL_INVALIDATE && (asked->key < 0 || asked->key == serial);
	default:
		return false;
	}
}

/* The first argument points to a type that the kernel names only, by which BPF programs cannot be given it; the helper gives its value. */
SEC("lsm/key_permission")
int trust_key_permission(unsigned long long *ctx)
{
	struct trusted_bpf_key entry = { .kind = TRUSTED_BPF_GUARDED_KEY };
	struct task_struct *task = bpf_get_current_task_btf();
	struct trusted_bpf_value *guarded;
	struct trust_keyctl asked;
	struct trust_mark *mark;
	__u32 zero = 0, need = (__u32)ctx[2], reason;
	__u64 reference = 0;
	__s32 error, serial;
	void *now;
	int ret = (int)ctx[3];

	if (ret)
		return ret;
	trust_look_at_keyctl(&asked);
	if (asked.operation >= TRUST_NO_KEYCTL || bpf_get_func_arg(ctx, 0, &reference))
		return 0;
	/* The lowest bit says whether the key is possessed. */
	serial = BPF_CORE_READ((struct key *)(reference & ~1ULL), serial);
	if (!trust_changes_key(&asked, need, serial))
		return 0;
	now = bpf_map_lookup_elem(&policy, &zero);
	if (!now)
		return 0;
	entry.inode = (__u32)serial;
	guarded = bpf_map_lookup_elem(now, &entry);
	if (!guarded || !(guarded->bits >> (asked.operation & 63) & 1))
		return 0;
	mark = bpf_task_storage_get(&marks, task->group_leader, 0, 0);
	if (trust_runs_garrison(task->group_leader, mark))
		return 0;
	reason = trust_reason(task->group_leader, &error);
	if (trust_refuses_for(reason, error, TRUSTED_BPF_KEYCTL, asked.operation))
		return garrison_deny(garrison_hook("key_permission"));
	return 0;
}

#endif
