// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* Broken on purpose: the kernel refuses an LSM program without a GPL-compatible licence. */
#include "garrison.bpf.h"

SEC("lsm/inode_unlink")
int BPF_PROG(proprietary_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	return ret;
}

char LICENSE[] SEC("license") = "Proprietary";
