/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The runtime as a loader. The process that brought these programs is known by its number. One that is started when that has
 * been killed is known by what it is: the same program file under the same path, with the same arguments, without variables by
 * which Java or the dynamic linker takes code from elsewhere, not traced and no script's interpreter. All that it maps to
 * be executed, and all that it reads in the places where it lives, are the very files of which the first one consisted (or signed
 * ones); and those nobody else can write.
 *
 *	bprm_committed_creds	such a program was started
 *	mmap_file, file_open	what it runs
 *	file_open, path_truncate	what others would write
 *	task_kill		what others would send it
 */
#ifndef TRUSTED_BPF_RUNTIME_BPF_H
#define TRUSTED_BPF_RUNTIME_BPF_H

#define TRUST_IFMT 0170000
#define TRUST_IFREG 0100000
#define TRUST_FMODE_READ 0x1
#define TRUST_FMODE_WRITE 0x2
#define TRUST_FMODE_CREATED 0x100000
/* FMODE_BACKING moved from bit 25 to 24; such a file is also FMODE_NOACCOUNT, which nothing else is that a process opens. */
#define TRUST_FMODE_BACKING (1 << 24 | 1 << 25)
#define TRUST_FMODE_NOACCOUNT 0x20000000

#define TRUST_CHUNK 64
#define TRUST_ENVIRONMENT_MAX (1 << 17)

/* Signals that neither end nor stop it, and those by which it is asked to end in good order. */
#define TRUST_SIGNALS (1ULL << 0 | 1ULL << 1 | 1ULL << 2 | 1ULL << 3 | 1ULL << 15 | 1ULL << 17 | 1ULL << 18 | 1ULL << 23 | 1ULL << 28)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trusted_bpf_runtime);
} runtime SEC(".maps");

struct trust_environment {
	__u64 at;
	__u32 bad;
};

static __always_inline struct trusted_bpf_runtime *trust_runtime(void)
{
	__u32 zero = 0;
	struct trusted_bpf_runtime *known = bpf_map_lookup_elem(&runtime, &zero);

	return known && known->length ? known : NULL;
}

/* The file of a layer that overlayfs opens in its own file's place. */
static __always_inline bool trust_is_backing(fmode_t mode)
{
	return bpf_core_type_exists(struct backing_file) && mode & TRUST_FMODE_NOACCOUNT && mode & TRUST_FMODE_BACKING;
}

/* As it was opened: overlayfs hands out the layer's inode under its own path. */
static __always_inline struct inode *trust_opened(struct file *file)
{
	return BPF_CORE_READ(file, f_path.dentry, d_inode);
}

struct trust_comparison {
	__u64 at;
	__u32 differs;
};

/* In a callback, so that the verifier looks at one chunk only. */
static long trust_compare_chunk(__u64 index, struct trust_comparison *comparison)
{
	struct trusted_bpf_runtime *known = trust_runtime();
	__u64 chunk[TRUST_CHUNK / 8] = {};
	__u32 at, left, i;

	comparison->differs = 1;
	if (!known || index >= TRUSTED_BPF_ARGUMENTS / TRUST_CHUNK)
		return 1;
	at = (__u32)index * TRUST_CHUNK;
	left = known->length - at;
	if (left > TRUST_CHUNK)
		left = TRUST_CHUNK;
	if (bpf_copy_from_user(chunk, left, (void *)(comparison->at + at)))
		return 1;
#pragma unroll
	for (i = 0; i < TRUST_CHUNK / 8; i++) {
		if (chunk[i] != *(__u64 *)&known->arguments[at + i * 8])
			return 1;
	}
	comparison->differs = 0;
	return 0;
}

/* Whether the new program's arguments begin with those known; they lie at the bottom of its stack. */
static __always_inline bool trust_same_arguments(__u32 length, __u64 start)
{
	struct trust_comparison comparison = { .at = start, .differs = 1 };

	bpf_loop((length + TRUST_CHUNK - 1) / TRUST_CHUNK, trust_compare_chunk, &comparison, 0);
	return !comparison.differs;
}

/* Eight bytes at a time, for the verifier's sake. `length` is `known`'s. */
static __always_inline bool trust_begins(const __u64 *text, const char *known, __u32 length)
{
	const __u64 *words = (const __u64 *)known;
	__u32 i, left;

	for (i = 0; i < TRUSTED_BPF_PATH / 8; i++) {
		left = length - i * 8;
		if (left < 8)
			return !((text[i] ^ words[i]) & ((1ULL << left * 8) - 1));
		if (text[i] != words[i])
			return false;
	}
	return length == TRUSTED_BPF_PATH;
}

static __noinline int trust_same_path(struct trusted_bpf_runtime *known, struct file *file)
{
	__u64 path[TRUSTED_BPF_PATH / 8] = {};	/* 6.1 wants it filled */

	return bpf_d_path((struct path *)&file->f_path, (char *)path, sizeof(path)) > 0 &&
	       trust_begins(path, known->executable, known->executable_length);
}

/* A variable begins after a 0. LD_*, JDK_*, JAVA_TOOL_OPTIONS, _JAVA_OPTIONS: by their first letters, as one number. */
static long trust_look_at_variable(__u64 index, struct trust_environment *environment)
{
	struct {
		__u8 room[7], before;
		__u64 word;
	} seen = {};

	if (bpf_copy_from_user(&seen.before, 9, (void *)(environment->at + index - 1))) {
		environment->bad = 1;
		return 1;
	}
	if (seen.before)
		return 0;
	if ((seen.word & 0xffffff) == 0x5f444c || (seen.word & 0xffffffff) == 0x5f4b444a || seen.word == 0x4f4f545f4156414a ||
	    seen.word == 0x504f5f4156414a5f) {
		environment->bad = 1;
		return 1;
	}
	return 0;
}

/* Whether this is Garrison again: a reason, TRUSTED among them, or -1 if it is another program altogether. */
static __noinline int trust_starts_again(struct linux_binprm *bprm)
{
	struct trusted_bpf_runtime *known = trust_runtime();
	struct trust_environment environment = {};
	__u64 start = bprm->p, end = bprm->exec;
	__u32 length;

	if (!known || trust_own_file(trust_opened(bprm->file)) != TRUSTED_BPF_OWN_PROGRAM)
		return -1;
	length = known->length;
	if ((__u32)bprm->argc != known->argc || start >= end || end - start < length)
		return -1;
	if (!trust_same_arguments(length, start) || !trust_same_path(known, bprm->file))
		return -1;
	environment.at = start + length;
	length = end - environment.at;
	if (length > TRUST_ENVIRONMENT_MAX)
		return TRUSTED_BPF_ENVIRONMENT;
	bpf_loop(length, trust_look_at_variable, &environment, 0);
	if (environment.bad)
		return TRUSTED_BPF_ENVIRONMENT;
	return TRUSTED_BPF_TRUSTED;
}

/* By its name: .jar. */
static __always_inline bool trust_is_jar(struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	__u32 length = BPF_CORE_READ(dentry, d_name.len), end = 0;

	if (length < 5)
		return false;
	bpf_probe_read_kernel(&end, sizeof(end), BPF_CORE_READ(dentry, d_name.name) + length - 4);
	return end == 0x72616a2e;
}

/* Files of the runtime are written by itself. Its bundles become some of them: it keeps copies. */
static __noinline int trust_refuses_write(struct file *file, fmode_t mode, bool garrison, struct trust_mark *mark)
{
	struct inode *inode = trust_opened(file);
	struct trusted_bpf_file id = {};
	__u32 what = TRUSTED_BPF_OWN_FILE;

	if (garrison) {
		if (mode & TRUST_FMODE_CREATED && trust_runtime() && trust_is_jar(file)) {
			trust_identify(inode, &id);
			bpf_map_update_elem(&own_files, &id, &what, BPF_ANY);
		}
		return 0;
	}
	if (!trust_own_file(inode))
		return 0;
	/* Another loader is trusted to use BPF, and not to become Garrison. */
	return trust_refuses_for(mark ? mark->reason : TRUSTED_BPF_UNSIGNED, mark ? mark->error : 0, TRUSTED_BPF_WRITE_FILE, 0);
}

/* 0: data; 1: code, by where it lies; 2: code, by its name, or where it lies cannot be told. Bundles may lie anywhere. */
static __noinline int trust_reads_code(struct trusted_bpf_runtime *known, struct file *file)
{
	__u64 path[TRUSTED_BPF_PATH / 8] = {};	/* 6.1 wants it filled */
	int i;

	if (bpf_d_path((struct path *)&file->f_path, (char *)path, sizeof(path)) < 0)
		return 2;
	for (i = 0; i < TRUSTED_BPF_PLACES; i++) {
		if (known->place_lengths[i] && trust_begins(path, known->places[i], known->place_lengths[i]))
			return 1;
	}
	return trust_is_jar(file) ? 2 : 0;
}

/* The first process had its bundles wherever they were; one that is started again takes none but signed ones. */
static __noinline int trust_refuses_own_read(struct file *file, struct trust_mark *mark)
{
	struct trust_finding finding = { .reason = TRUSTED_BPF_UNSIGNED };
	struct trusted_bpf_runtime *known = trust_runtime();
	struct inode *inode = trust_opened(file);
	bool again = mark && mark->role == TRUST_RUNTIME;
	int code;

	if (!known || (BPF_CORE_READ(inode, i_mode) & TRUST_IFMT) != TRUST_IFREG || trust_own_file(inode))
		return 0;
	code = trust_reads_code(known, file);
	if (!code || (code == 2 && !again))
		return 0;
	trust_examine(file, &finding);
	if (finding.reason == TRUSTED_BPF_TRUSTED)
		return 0;
	if (trust_denies(TRUSTED_BPF_OPEN_FILE, 0, TRUSTED_BPF_FOREIGN_FILE, finding.error, 0))
		return 1;
	if (again)
		mark->reason = TRUSTED_BPF_FOREIGN_FILE;
	return 0;
}

SEC("lsm/path_truncate")
int BPF_PROG(trust_path_truncate, const struct path *path, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = BPF_CORE_READ(path, dentry, d_inode);
	struct trust_mark *mark;

	if (ret)
		return ret;
	if (!trust_own_file(inode))
		return 0;
	mark = bpf_task_storage_get(&marks, task->group_leader, 0, 0);
	if (trust_runs_garrison(task->group_leader, mark))
		return 0;
	if (trust_refuses_for(mark ? mark->reason : TRUSTED_BPF_UNSIGNED, 0, TRUSTED_BPF_WRITE_FILE, 0))
		return garrison_deny(garrison_hook("path_truncate"));
	return 0;
}

/* The service manager may: it is the one that starts Garrison again. */
SEC("lsm/task_kill")
int BPF_PROG(trust_task_kill, struct task_struct *p, struct kernel_siginfo *info, int sig, const struct cred *cred, int ret)
{
	struct task_struct *sender = bpf_get_current_task_btf();
	struct trust_mark *mark;
	__u32 reason;
	__s32 error;

	if (ret)
		return ret;
	if (sig < 0 || sig > 63 || TRUST_SIGNALS >> (sig & 63) & 1 || sender->flags & TRUST_KERNEL_THREAD || sender->tgid == 1)
		return 0;
	mark = bpf_task_storage_get(&marks, p->group_leader, 0, 0);
	if (!trust_runs_garrison(p->group_leader, mark))
		return 0;
	reason = trust_reason(sender->group_leader, &error);
	if (reason == TRUSTED_BPF_TRUSTED)
		return 0;
	if (trust_denies(TRUSTED_BPF_SIGNAL, sig, reason, error, p->tgid))
		return garrison_deny(garrison_hook("task_kill"));
	return 0;
}

#endif
