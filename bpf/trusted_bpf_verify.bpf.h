/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Trust, given and taken at exec and at executable mappings. An object that includes this says how a file is measured and
 * where its signature is: trust_examine(). These programs sleep, for they read files and check signatures.
 *
 *	bprm_committed_creds	the exec is past its point of no return: the program is trusted, or the mark of the one before falls
 *	mmap_file		a trusted process maps a library (or its interpreter): signed too, or the mark falls
 */
#ifndef TRUSTED_BPF_VERIFY_BPF_H
#define TRUSTED_BPF_VERIFY_BPF_H

#include "trusted_bpf_gate.bpf.h"

#define TRUST_UNSAFE_PTRACE 2	/* LSM_UNSAFE_PTRACE */

#define TRUST_EACCES 13
#define TRUST_ENODATA 61
#define TRUST_ERANGE 34
#define TRUST_ENOKEY 126
#define TRUST_EKEYREJECTED 129
#define TRUST_EBADMSG 74

extern struct bpf_key *bpf_lookup_user_key(__u32 serial, __u64 flags) __ksym;
extern void bpf_key_put(struct bpf_key *key) __ksym;
extern int bpf_verify_pkcs7_signature(struct bpf_dynptr *data, struct bpf_dynptr *signature, struct bpf_key *keyring) __ksym;

/* Of a file: why it makes no process trusted (enum trusted_bpf_reason), and the kernel's word. */
struct trust_finding {
	__u32 reason;
	__s32 error;
};

/*
 * Memory as helpers want to have it. All in one place, which stays alive for as long as an examination lasts: the verifier lets
 * nothing else be written where one of them lies, and the compiler would use the place again.
 */
struct trust_views {
	struct bpf_dynptr data __attribute__((aligned(8)));
	struct bpf_dynptr signature __attribute__((aligned(8)));
};

#define TRUST_KEEP_ALIVE(views) asm volatile("" : : "r"(views) : "memory")

/* Measures a file and checks its signature. */
static int trust_examine(struct file *file, struct trust_finding *finding);

/* 0 if a key of the keyring made the signature. */
static __always_inline int trust_check(struct bpf_dynptr *data, struct bpf_dynptr *signature, __s32 keyring)
{
	struct bpf_key *key;
	int result = -TRUST_ENOKEY;

	if (keyring <= 0)
		return result;
	key = bpf_lookup_user_key(keyring, 0);
	if (!key)
		return result;
	result = bpf_verify_pkcs7_signature(data, signature, key);
	bpf_key_put(key);
	return result;
}

/* What is to be thought of a signature. */
static __always_inline void trust_judge(struct bpf_dynptr *data, struct bpf_dynptr *signature, struct trust_finding *finding)
{
	struct trusted_bpf_key entry = { .kind = TRUSTED_BPF_KEYRINGS };
	struct trusted_bpf_value *keyrings;
	struct bpf_key *key;
	__u32 zero = 0;
	void *now = bpf_map_lookup_elem(&policy, &zero);
	__s32 good, expired, revoked;

	finding->reason = TRUSTED_BPF_NO_KEYRING;
	finding->error = -TRUST_ENOKEY;
	if (!now)
		return;
	keyrings = bpf_map_lookup_elem(now, &entry);
	if (!keyrings || keyrings->good <= 0)
		return;
	good = keyrings->good;
	expired = keyrings->expired;
	revoked = keyrings->revoked;
	key = bpf_lookup_user_key(good, 0);
	if (!key)
		return;
	finding->error = bpf_verify_pkcs7_signature(data, signature, key);
	bpf_key_put(key);
	switch (finding->error) {
	case 0:
		finding->reason = TRUSTED_BPF_TRUSTED;
		break;
	case -TRUST_ENOKEY:
		finding->reason = TRUSTED_BPF_WRONG_KEY;
		if (!trust_check(data, signature, revoked))
			finding->reason = TRUSTED_BPF_REVOKED;
		else if (!trust_check(data, signature, expired))
			finding->reason = TRUSTED_BPF_EXPIRED;
		break;
	case -TRUST_EKEYREJECTED:
		finding->reason = TRUSTED_BPF_ALTERED;
		break;
	case -TRUST_EBADMSG:
		finding->reason = TRUSTED_BPF_MALFORMED;
		break;
	default:
		finding->reason = TRUSTED_BPF_FAILED;
	}
}

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(trust_bprm_committed_creds, struct linux_binprm *bprm)
{
	/* An exec leaves one thread, which is the first by now. */
	struct task_struct *task = bpf_get_current_task_btf();
	struct trust_finding finding = { .reason = TRUSTED_BPF_UNSIGNED };
	struct trust_mark *mark;
	struct inode *inode;

	trust_examine(bprm->file, &finding);
	if (finding.reason == TRUSTED_BPF_TRUSTED) {
		if (bprm->unsafe & TRUST_UNSAFE_PTRACE)
			finding.reason = TRUSTED_BPF_TRACED;
		else if (bprm->filename != bprm->interp)
			finding.reason = TRUSTED_BPF_SCRIPT;
	}
	if (finding.reason == TRUSTED_BPF_UNSIGNED) {
		mark = bpf_task_storage_get(&marks, task, 0, 0);
		if (mark) {
			mark->reason = TRUSTED_BPF_UNSIGNED;
			mark->error = 0;
		}
		return 0;
	}
	mark = bpf_task_storage_get(&marks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!mark)
		return 0;
	inode = BPF_CORE_READ(bprm, file, f_inode);
	mark->exe_inode = BPF_CORE_READ(inode, i_ino);
	mark->exe_device = BPF_CORE_READ(inode, i_sb, s_dev);
	mark->error = finding.error;
	/* Last: from here on it counts. */
	*(volatile __u32 *)&mark->reason = finding.reason;
	trust_tell(TRUSTED_BPF_EXEC, finding.reason, finding.error);
	return 0;
}

/* The mark of the present process, from a program that sleeps. */
static __always_inline struct trust_mark *trust_own_mark(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct trust_mark *mark;

	trust_rcu_read_lock();
	mark = bpf_task_storage_get(&marks, task->group_leader, 0, 0);
	trust_rcu_read_unlock();
	return mark;
}

SEC("lsm.s/mmap_file")
int BPF_PROG(trust_mmap_file, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags, int ret)
{
	struct trust_finding finding = { .reason = TRUSTED_BPF_UNSIGNED };
	struct trust_mark *mark;
	struct inode *inode;

	if (ret)
		return ret;
	if (!file || !(prot & TRUST_PROT_EXEC))
		return 0;
	mark = trust_own_mark();
	if (!mark || mark->reason != TRUSTED_BPF_TRUSTED)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	if (BPF_CORE_READ(inode, i_ino) == mark->exe_inode && BPF_CORE_READ(inode, i_sb, s_dev) == mark->exe_device)
		return 0;
	trust_examine(file, &finding);
	if (finding.reason == TRUSTED_BPF_TRUSTED)
		return 0;
	mark->error = finding.error;
	mark->reason = TRUSTED_BPF_MAPPED;
	trust_tell(TRUSTED_BPF_MAP_FILE, TRUSTED_BPF_MAPPED, finding.error);
	return 0;
}

GARRISON_LICENSE;

#endif
