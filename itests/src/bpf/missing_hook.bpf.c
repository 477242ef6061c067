// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* Broken on purpose: no kernel has this hook. */
#include "garrison.bpf.h"

SEC("lsm/inode_teleport")
int BPF_PROG(observe_teleport, struct inode *inode, int ret)
{
	return ret;
}

GARRISON_LICENSE;
