/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Interpreters: trusted is not the program, but the program with a signed script. A key of its own signs them. Arguments begin with
 * the script's absolute path, and none of them begins with "-": no -e, no standard input, nothing else to be included. From
 * its start until it opens the script the interpreter reads nothing that is not signed, save what the kernel alone writes,
 * so that there is nothing in it that could mislead it; then it is trusted, and falls with the first file it reads that is not.
 */
#ifndef TRUSTED_BPF_SCRIPT_BPF_H
#define TRUSTED_BPF_SCRIPT_BPF_H

#define TRUST_ARGUMENTS_MAX (1 << 16)
#define TRUST_IFDIR 0040000
#define TRUST_IFCHR 0020000
#define TRUST_NULL 0x100003	/* /dev/null; then zero, random, urandom */
#define TRUST_ZERO 0x100005
#define TRUST_RANDOM 0x100008
#define TRUST_URANDOM 0x100009
#define TRUST_PROC_MAGIC 0x9fa0
#define TRUST_SYSFS_MAGIC 0x62656572
#define TRUST_TRACEFS_MAGIC 0x74726163
#define TRUST_DEBUGFS_MAGIC 0x64626720
#define TRUST_CGROUP_MAGIC 0x63677270
#define TRUST_SECURITYFS_MAGIC 0x73636673

struct trust_script {
	__u64 length;	/* its 0 included */
	char path[TRUSTED_BPF_PATH];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct trust_script);
} scripts SEC(".maps");

struct trust_arguments {
	__u64 at;
	__u64 script;	/* where the first argument begins */
	__u32 begun;	/* arguments seen so far, the program's name not counted */
	__u32 wanted;
	__u32 bad;
};

static long trust_look_at_argument(__u64 index, struct trust_arguments *arguments)
{
	struct {
		__u8 before, first;
	} seen = {};

	if (bpf_copy_from_user(&seen, 2, (void *)(arguments->at + index))) {
		arguments->bad = 1;
		return 1;
	}
	if (seen.before)
		return 0;
	if (arguments->begun == arguments->wanted)
		return 1;
	arguments->begun++;
	if (arguments->begun == 1)
		arguments->script = arguments->at + index + 1;
	if (seen.first == '-') {
		arguments->bad = 1;
		return 1;
	}
	return 0;
}

/* What an interpreter is for now: NO_SCRIPT if it may come to be trusted by its script. */
static __noinline int trust_names_script(struct linux_binprm *bprm)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct trust_arguments arguments = { .at = bprm->p };
	__u64 length = bprm->exec - bprm->p;
	struct trust_script *script;
	long read;

	if (bprm->argc < 2 || bprm->argc > 1024 || length > TRUST_ARGUMENTS_MAX)
		return TRUSTED_BPF_SCRIPT_OPTIONS;
	arguments.wanted = bprm->argc - 1;
	bpf_loop(length, trust_look_at_argument, &arguments, 0);
	if (arguments.bad || arguments.begun != arguments.wanted)
		return TRUSTED_BPF_SCRIPT_OPTIONS;
	script = bpf_task_storage_get(&scripts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!script)
		return TRUSTED_BPF_FAILED;
	read = bpf_probe_read_user_str(script->path, sizeof(script->path), (void *)arguments.script);
	script->length = read;
	if (read < 2 || read > TRUSTED_BPF_PATH || script->path[0] != '/')
		return TRUSTED_BPF_SCRIPT_OPTIONS;
	return TRUSTED_BPF_NO_SCRIPT;
}

static __noinline int trust_is_script(struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct trust_script *script;
	__u64 path[TRUSTED_BPF_PATH / 8] = {};	/* 6.1 wants it filled */

	trust_rcu_read_lock();
	script = bpf_task_storage_get(&scripts, task->group_leader, 0, 0);
	trust_rcu_read_unlock();
	return script && bpf_d_path((struct path *)&file->f_path, (char *)path, sizeof(path)) > 0 &&
	       trust_begins(path, script->path, script->length);
}

/* Numbers about the machine, which no process can have say something else: possible, online, randomize_va_space. */
static __always_inline bool trust_is_number(struct dentry *dentry)
{
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	__u64 words[3] = {};

	bpf_probe_read_kernel_str(words, sizeof(words), name);
	return (words[0] == 0x656c626973736f70 && !(words[1] & 0xff)) || words[0] == 0x656e696c6e6f ||
	       (words[0] == 0x7a696d6f646e6172 && words[1] == 0x6170735f61765f65 && words[2] == 0x6563);
}

/* The kernel's own list of its functions, which bpftrace reads before its script: tracefs lets nobody make files. */
static __always_inline bool trust_is_function_list(struct dentry *dentry)
{
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	__u64 words[4] = {};

	bpf_probe_read_kernel_str(words, sizeof(words), name);
	return words[0] == 0x6c62616c69617661 && words[1] == 0x7265746c69665f65 && words[2] == 0x6f6974636e75665f && words[3] == 0x736e;
}

/* Whether what is read is nobody's text: folders, /dev/null and its like; once trusted, what the kernel tells. */
static __always_inline bool trust_is_data(struct inode *inode, struct dentry *dentry, bool trusted)
{
	__u64 magic = BPF_CORE_READ(inode, i_sb, s_magic);
	__u32 kind = BPF_CORE_READ(inode, i_mode) & TRUST_IFMT, device;

	if (kind == TRUST_IFDIR)
		return true;
	if (kind == TRUST_IFCHR) {
		device = BPF_CORE_READ(inode, i_rdev);
		return device == TRUST_NULL || device == TRUST_ZERO || device == TRUST_RANDOM || device == TRUST_URANDOM;
	}
	if (magic == TRUST_PROC_MAGIC || magic == TRUST_SYSFS_MAGIC)
		return trusted || trust_is_number(dentry);
	if (magic == TRUST_TRACEFS_MAGIC)
		return trusted || trust_is_function_list(dentry);
	return trusted && (magic == TRUST_DEBUGFS_MAGIC || magic == TRUST_CGROUP_MAGIC || magic == TRUST_SECURITYFS_MAGIC ||
			   magic == TRUST_BPF_MAGIC);
}

/* Called for an interpreter that is trusted, or may come to be. */
static __noinline int trust_interpreter_reads(struct file *file, struct trust_mark *mark)
{
	struct trust_finding finding = { .reason = TRUSTED_BPF_UNSIGNED };
	bool trusted = mark->reason == TRUSTED_BPF_TRUSTED;

	if (trust_is_data(trust_opened(file), BPF_CORE_READ(file, f_path.dentry), trusted))
		return 0;
	trust_examine(file, &finding);
	if (finding.reason == TRUSTED_BPF_NO_SCRIPT || (finding.reason == TRUSTED_BPF_TRUSTED && trusted))
		return 0;
	if (finding.reason == TRUSTED_BPF_TRUSTED) {
		if (!trust_is_script(file))
			return 0;
		mark->reason = TRUSTED_BPF_TRUSTED;
		trust_tell(TRUSTED_BPF_OPEN_FILE, TRUSTED_BPF_TRUSTED, 0);
		return 0;
	}
	mark->error = finding.error;
	mark->reason = TRUSTED_BPF_SCRIPT_UNSIGNED;
	trust_tell(TRUSTED_BPF_OPEN_FILE, TRUSTED_BPF_SCRIPT_UNSIGNED, finding.error);
	return 0;
}

#endif
