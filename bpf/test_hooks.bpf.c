// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * For the framework's tests in a guest: hooks that come and go with the policy, the mode as data, records from real hooks.
 * Each program concerns one process only. No product contains it.
 *
 *	hook_open	tells each file that the process opens
 *	hook_mkdir	tells each mkdir; refuses it in ENFORCE mode
 *	hook_unlink	tells each unlink; sleepable
 */
#include "garrison.bpf.h"

GARRISON_LICENSE;

struct hook_event {
	struct garrison_event header;
	__u32 pid;
	__u32 mode;
};

struct hook_event *unused_hook_event __attribute__((unused));

const volatile __u32 test_pid = 0;

static __always_inline bool concerned(void)
{
	return bpf_get_current_pid_tgid() >> 32 == test_pid;
}

static __always_inline void tell(__u32 type)
{
	struct hook_event *event = garrison_reserve(sizeof(*event), type);

	if (!event)
		return;
	event->pid = test_pid;
	event->mode = garrison_enforcing() ? GARRISON_ENFORCE : GARRISON_AUDIT;
	bpf_ringbuf_submit(event, 0);
}

SEC("lsm/file_open")
int BPF_PROG(hook_open, struct file *file, int ret)
{
	if (ret)
		return ret;
	if (concerned())
		tell(1);
	return 0;
}

SEC("lsm/inode_mkdir")
int BPF_PROG(hook_mkdir, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	if (ret)
		return ret;
	if (!concerned())
		return 0;
	tell(2);
	if (garrison_enforcing())
		return garrison_deny(garrison_hook("inode_mkdir"));
	return 0;
}

SEC("lsm.s/inode_unlink")
int BPF_PROG(hook_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	if (ret)
		return ret;
	if (concerned())
		tell(3);
	return 0;
}
