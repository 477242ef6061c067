/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Trust, given and taken at exec and at executable mappings. An object that includes this says how a file is measured and
 * where its signature is: trust_examine(). These programs sleep, for they read files and check signatures.
 *
 *	bprm_committed_creds	the exec is past its point of no return: the program is trusted, or the mark of the one before falls
 *	mmap_file		a trusted process maps a library (or its interpreter): signed too, or the mark falls
 *	file_open		what the runtime and interpreters read: see trusted_bpf_runtime.bpf.h and trusted_bpf_script.bpf.h
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

static __always_inline void trust_found(struct trust_finding *finding, __u32 reason, __s32 error)
{
	finding->reason = reason;
	finding->error = error;
}

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
	__s32 good, expired, revoked, interpreters;

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
	interpreters = keyrings->interpreters;
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
		if (!trust_check(data, signature, interpreters)) {
			finding->reason = TRUSTED_BPF_NO_SCRIPT;
			finding->error = 0;
		} else if (!trust_check(data, signature, revoked))
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

/* A signature that is good does not make a file so that was revoked: known by the first 20 bytes of its digest. */
static __always_inline void trust_ask_revoked(const __u8 *digest, struct trust_finding *finding)
{
	struct trusted_bpf_key key = { .kind = TRUSTED_BPF_DIGEST_REVOKED };
	__u32 zero = 0;
	void *now = bpf_map_lookup_elem(&policy, &zero);

	if (finding->reason != TRUSTED_BPF_TRUSTED && finding->reason != TRUSTED_BPF_NO_SCRIPT)
		return;
	__builtin_memcpy(&key.inode, digest, 8);
	__builtin_memcpy(&key.device, digest + 8, 4);
	__builtin_memcpy(&key.uid, digest + 12, 4);
	__builtin_memcpy(&key.more, digest + 16, 4);
	if (!now || bpf_map_lookup_elem(now, &key))
		finding->reason = TRUSTED_BPF_REVOKED_DIGEST;
}

/* Whether what is kept as a signature begins with a release. */
static __always_inline bool trust_is_release(const struct trusted_bpf_release *release, __u64 length)
{
	return length > sizeof(*release) && release->magic == TRUSTED_BPF_RELEASE_MAGIC;
}

/* Views the signature behind the release that may stand before it; 0 or a negative errno. The verifier loses the bound on the way. */
static __always_inline int trust_view_signature(__u8 *bytes, __u64 length, bool released, struct bpf_dynptr *view)
{
	if (released) {
		length -= sizeof(struct trusted_bpf_release);
		asm volatile("%0 &= 1023" : "+r"(length));
		return bpf_dynptr_from_mem(bytes + sizeof(struct trusted_bpf_release), length, 0, view);
	}
	asm volatile("%0 &= 1023" : "+r"(length));
	return bpf_dynptr_from_mem(bytes, length, 0, view);
}

/*
 * Nor does it make a file so whose version is too old: by the policy's word on its name or, where there is none, by that on all
 * others. What was signed without a release (NULL) is of version 0, and of no name.
 */
static __always_inline void trust_ask_version(const struct trusted_bpf_release *release, struct trust_finding *finding)
{
	struct trusted_bpf_key key = { .kind = TRUSTED_BPF_MINIMUM };
	struct trusted_bpf_value *entry = NULL;
	__u32 zero = 0, version = 0;
	void *now = bpf_map_lookup_elem(&policy, &zero);

	if (!now || (finding->reason != TRUSTED_BPF_TRUSTED && finding->reason != TRUSTED_BPF_NO_SCRIPT))
		return;
	if (release) {
		version = release->version;
		__builtin_memcpy(&key.inode, release->name, 8);
		__builtin_memcpy(&key.device, release->name + 8, 4);
		__builtin_memcpy(&key.uid, release->name + 12, 4);
		__builtin_memcpy(&key.more, release->name + 16, 4);
		entry = bpf_map_lookup_elem(now, &key);
	}
	if (!entry) {
		key.inode = 0;
		key.device = 0;
		key.uid = 0;
		key.more = 0;
		entry = bpf_map_lookup_elem(now, &key);
	}
	if (entry && version < entry->minimum)
		finding->reason = TRUSTED_BPF_REVOKED_VERSION;
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

#include "trusted_bpf_runtime.bpf.h"
#include "trusted_bpf_script.bpf.h"
#include "trusted_bpf_keys.bpf.h"

/* What the program of an exec makes of the process. */
static __always_inline __u32 trust_role_of(struct linux_binprm *bprm, struct trust_finding *finding)
{
	int again = trust_starts_again(bprm);
	__u32 role = TRUST_LOADER;

	if (again >= 0) {
		role = TRUST_RUNTIME;
		trust_found(finding, again, 0);
	} else {
		trust_examine(bprm->file, finding);
		if (finding->reason == TRUSTED_BPF_NO_SCRIPT) {
			role = TRUST_INTERPRETER;
			finding->reason = trust_names_script(bprm);
		}
	}
	if (finding->reason == TRUSTED_BPF_TRUSTED || finding->reason == TRUSTED_BPF_NO_SCRIPT) {
		if (bprm->unsafe & TRUST_UNSAFE_PTRACE)
			finding->reason = TRUSTED_BPF_TRACED;
		else if (role != TRUST_INTERPRETER && bprm->filename != bprm->interp)
			finding->reason = TRUSTED_BPF_SCRIPT;
	}
	return role;
}

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(trust_bprm_committed_creds, struct linux_binprm *bprm)
{
	/* An exec leaves one thread, which is the first by now. */
	struct task_struct *task = bpf_get_current_task_btf();
	struct trust_finding finding = { .reason = TRUSTED_BPF_UNSIGNED };
	struct trust_mark *mark;
	struct inode *inode;
	__u32 role = trust_role_of(bprm, &finding);

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
	mark->role = role;
	/* Last: from here on it counts. */
	*(volatile __u32 *)&mark->reason = finding.reason;
	trust_tell(TRUSTED_BPF_EXEC, finding.reason, finding.error);
	return 0;
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
	if (!mark || !trust_may_lose(mark))
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	if (BPF_CORE_READ(inode, i_ino) == mark->exe_inode && BPF_CORE_READ(inode, i_sb, s_dev) == mark->exe_device)
		return 0;
	if (mark->role == TRUST_RUNTIME && trust_own_file(inode))
		return 0;
	trust_examine(file, &finding);
	if (finding.reason == TRUSTED_BPF_TRUSTED)
		return 0;
	/* An interpreter's libraries may be signed as it is itself. */
	if (finding.reason == TRUSTED_BPF_NO_SCRIPT && mark->role == TRUST_INTERPRETER)
		return 0;
	mark->error = finding.error;
	mark->reason = TRUSTED_BPF_MAPPED;
	trust_tell(TRUSTED_BPF_MAP_FILE, TRUSTED_BPF_MAPPED, finding.error);
	return 0;
}

SEC("lsm.s/file_open")
int BPF_PROG(trust_file_open, struct file *file, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	fmode_t mode = file->f_mode;
	struct trust_mark *mark;
	bool garrison;

	if (ret)
		return ret;
	if (task->flags & TRUST_KERNEL_THREAD || trust_is_backing(mode))
		return 0;
	mark = trust_own_mark();
	garrison = trust_runs_garrison(task->group_leader, mark);
	if (mode & TRUST_FMODE_WRITE && trust_refuses_write(file, mode, garrison, mark))
		return garrison_deny(garrison_hook("file_open"));
	if (!(mode & TRUST_FMODE_READ))
		return 0;
	if (garrison) {
		if (trust_refuses_own_read(file, mark))
			return garrison_deny(garrison_hook("file_open"));
	} else if (mark && mark->role == TRUST_INTERPRETER && trust_may_lose(mark)) {
		trust_interpreter_reads(file, mark);
	}
	return 0;
}

GARRISON_LICENSE;

#endif
