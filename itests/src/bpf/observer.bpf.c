// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* A well-behaved neighbour: tells every unlink, refuses none. */
#include "garrison.bpf.h"

struct unlink_seen {
	struct garrison_event header;
	__u32 pid;
	__u32 reserved;
};

/* Known to Java by name, hence kept in BTF. */
const struct unlink_seen *unused_unlink_seen __attribute__((unused));

SEC("lsm/inode_unlink")
int BPF_PROG(observe_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	struct unlink_seen *seen;

	if (ret)
		return ret;
	seen = garrison_reserve(sizeof(*seen), 1);
	if (!seen)
		return 0;
	seen->pid = bpf_get_current_pid_tgid() >> 32;
	seen->reserved = 0;
	bpf_ringbuf_submit(seen, 0);
	return 0;
}

GARRISON_LICENSE;
