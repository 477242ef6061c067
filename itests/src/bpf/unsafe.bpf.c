// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* Broken on purpose: reads where nobody checked that there is anything. */
#include "garrison.bpf.h"

SEC("lsm/inode_unlink")
int BPF_PROG(unsafe_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	struct garrison_control *control = garrison_control_now();

	if (ret)
		return ret;
	return control->mode ? 0 : -EPERM;
}

GARRISON_LICENSE;
