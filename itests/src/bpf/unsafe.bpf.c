// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* Broken on purpose: takes a number for an address, which no kernel's verifier lets pass. */
#include "garrison.bpf.h"

SEC("lsm/inode_unlink")
int BPF_PROG(unsafe_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	__u64 number = bpf_get_current_pid_tgid();

	if (ret)
		return ret;
	return *(volatile __u32 *)number ? 0 : -EPERM;
}

GARRISON_LICENSE;
